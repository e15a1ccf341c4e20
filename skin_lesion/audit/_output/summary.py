"""An audit in words: a page for the terminal, and the sentences that the HTML page shares."""

from collections import Counter

from ..._utils.validation.messages import say, say_number

TITLES = {
    "unreadable": "Unreadable images",
    "exact_duplicates": "Exact duplicates",
    "label_conflicts": "Label conflicts",
    "near_duplicates": "Near duplicates",
    "split_leaks": "Split leaks",
    "group_conflicts": "Group conflicts",
    "suspected_labels": "Suspected labels",
}
# The part of a finding that may be left out on its own, by its name in `not_checked`.
_PARTS = {"split_leaks": "leaks by group", "group_conflicts": "labels of one lesion"}


def summarise(audit):
    """Return a page of text."""
    width = max(len(title) for title in TITLES.values())
    lines = [describe_dataset(audit), ""]
    if len(audit.class_counts):
        lines += [audit.class_counts.to_string(), ""]
    for name, title in TITLES.items():
        lines.append(f"{title:<{width}}  {describe_finding(audit, name)}")
    lines += ["", "Shortcuts: balanced accuracy of predicting the class from one property alone"]
    lines += describe_shortcuts(audit) or [f"  {audit.not_checked['shortcuts']}"]
    lines += ["", "Quality (estimated): share of images"]
    shares = describe_quality(audit).items()
    lines += [f"  {flag:<{width}}  {share}" for flag, share in shares] or ["  no readable image"]
    return "\n".join(lines)


def describe_dataset(audit):
    """Return a line on what was audited."""
    images = audit.images
    parts = [say(len(images), "image"), say(images["sha256"].nunique(), "distinct content")]
    if len(audit.class_counts):
        parts.append(say(len(audit.class_counts), "class"))
    if images["group"].notna().any():
        parts.append(say(images["group"].nunique(), "group"))
    if "split_leaks" not in audit.not_checked:
        parts += [f"{count} {name}" for name, count in images["split"].value_counts().items()]
    return "Audit of " + ", ".join(parts)


def describe_finding(audit, name):
    """Return a line that counts a finding, or says why it was not checked."""
    if name in audit.not_checked:
        return f"not checked: {audit.not_checked[name]}"
    described = _describe_table(getattr(audit, name), name)
    part = _PARTS.get(name)
    if part in audit.not_checked:
        described += f" ({part} not checked: {audit.not_checked[part]})"
    return described


def _describe_table(table, name):
    if not len(table):
        return "none"
    n = len(table)
    if name == "exact_duplicates":
        return f"{say(n, 'content')} shared by {table['n_images'].sum()} images"
    if name == "label_conflicts":
        pairs = _count(" / ".join(map(str, labels)) for labels in table["labels"])
        return f"{say(n, 'photograph')} with several labels: {pairs}"
    if name == "near_duplicates":
        described = f"{say(n, 'pair')} of contents"
        for column in ("label", "group"):
            is_other = table[column] != table[f"other_{column}"]
            n_other = (is_other & table[column].notna()).sum()
            described += f", {n_other} of them with two {column}s" if n_other else ""
        return described
    if name == "split_leaks":
        n_rows = table["row"].nunique()
        kinds = _count(table["kind"])
        return f"{say(n_rows, 'image')} with a counterpart in an earlier split: {kinds}"
    if name == "group_conflicts":
        counts = table["kind"].value_counts()
        return ", ".join(
            f"{say(counts[kind], noun)} {several}"
            for kind, noun, several in (
                ("labels of one lesion", "lesion", "with several labels"),
                ("groups of one photograph", "photograph", "in several groups"),
            )
            if kind in counts
        )
    return say(n, "image")


def describe_shortcuts(audit):
    """Return a line for each shortcut."""
    return [
        f"  {name:<17}  {say_number(line.balanced_accuracy)}  (95% interval {say_number(line.low)}"
        f" to {say_number(line.high)}, chance {say_number(line.chance)})"
        for name, line in audit.shortcuts.iterrows()
    ]


def describe_quality(audit):
    """Return the share of readable images with each flag, and the class with the largest share."""
    quality, described = audit.quality.drop(index=audit.unreadable["row"]), {}
    for flag in audit.quality_by_class if len(quality) else ():
        shares = audit.quality_by_class[flag]
        text = f"{quality[flag].mean():6.1%}"
        if len(shares) > 1 and shares.max() > 0:
            text += f"  (most in {shares.idxmax()}, {shares.max():.1%})"
        described[flag.replace("_", " ")] = text
    return described


def _count(values):
    return ", ".join(f"{count} {value}" for value, count in Counter(values).most_common())
