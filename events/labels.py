"""What the company calls things of its own in both languages: its fields of clients, and what may be chosen in them."""

from events.values import Code, OpenShortText, Value


class GivenLabels(Value):
    """What people call a thing of the company, in both languages."""

    en: OpenShortText
    ru: OpenShortText


class FieldOption(Value):
    """What may be chosen in a field: it is stored by its code."""

    code: Code
    labels: GivenLabels
