"""XML as bytes: indented, escaped, the same for the same tree."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from pyanalyzer.export.texts import valid_text


def child(
    parent: ET.Element, tag: str, text: str | None = None, **attributes: object
) -> ET.Element:
    """A new element under ``parent``; its attributes are made valid text."""
    values = {name: valid_text(str(value)) for name, value in attributes.items()}
    element = ET.SubElement(parent, tag, values)
    element.text = None if text is None else valid_text(text)
    return element


def document(root: ET.Element, doctype: str = "") -> bytes:
    """The tree in UTF-8 with its declaration, two spaces per level."""
    ET.indent(root)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' + (f"{doctype}\n" if doctype else "")
    return f"{head}{ET.tostring(root, encoding='unicode')}\n".encode()
