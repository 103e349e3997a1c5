"""What the nodes of many grammars have in common: names, heads, comments, bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from src.core.passages import PassageKind

if TYPE_CHECKING:
    from tree_sitter import Node

_COMMENTS = frozenset({"comment", "line_comment", "block_comment", "multiline_comment"})
_ATTRIBUTES = frozenset({"attribute_item", "attribute_declaration", "decorator"})
_DECORATORS = frozenset({"decorator", "annotation", "marker_annotation", "attribute_list", "attribute"})
_WRAPPERS = frozenset(
    {
        "export_statement",
        "ambient_declaration",
        "lexical_declaration",
        "variable_declaration",
        "expression_statement",
        "template_declaration",
        "type_declaration",
        "declaration",
        "statement",
        "linkage_specification",
    }
)
_ORNAMENTS = frozenset({"template_parameter_list", "requires_clause", "decorator", "modifiers"})
_VALUED = {
    "variable_declarator": ("name", "value"),
    "assignment_expression": ("left", "right"),
    "field_definition": ("property", "value"),
    "public_field_definition": ("name", "value"),
    "pair": ("key", "value"),
}
_FUNCTION_VALUES = frozenset(
    {"arrow_function", "function_expression", "generator_function", "function_definition"}
)
_NEED_BODY = frozenset({"struct_specifier", "union_specifier", "enum_specifier", "class_specifier"})
_FIXED_NAMES = {
    "init_declaration": "init",
    "deinit_declaration": "deinit",
    "subscript_declaration": "subscript",
    "companion_object": "Companion",
    "secondary_constructor": "constructor",
    "indexer_declaration": "this",
    "singleton_class": "self",
}
_ROOTS = re.compile(r"(program|source_file|translation_unit|compilation_unit|chunk)$")
_BODY = re.compile(r"body|block|statements$|compound_statement|_list$|^(then|else|do)$")
_NO_BODY = re.compile(
    r"argument|parameter|type_|import|variable_list|expression_list|attribute|column|use_list"
)
_GENERICS = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
_PREFIX = re.compile(r"^(module\.)?exports\.|\.prototype(?=\.)")
_MARKS = re.compile(r"^[ \t]*(?:/\*+!?|\*+/|\*(?!\*)|//[/!]?|--+|#+)[ \t]?|[ \t]?\*+/[ \t]*$", re.MULTILINE)
_VISIBILITY = re.compile(r"^(?:(?:public|private|protected|internal|export|default|pub(?:\([^)]*\))?)\s+)+")
_LONGEST_NAME = 120
_LONGEST_SIGNATURE = 300
_LONGEST_COMMENT = 2000


def is_comment(node: Node) -> bool:
    return node.type in _COMMENTS


def is_attribute(node: Node) -> bool:
    """A decorator or attribute that stands beside the definition it belongs to."""
    return node.type in _ATTRIBUTES


def is_ornament(node: Node) -> bool:
    return node.type in _ORNAMENTS


@lru_cache(maxsize=4096)
def _is_body_type(name: str) -> bool:
    return bool(_ROOTS.match(name)) or bool(_BODY.search(name) and not _NO_BODY.search(name))


def is_body(node: Node) -> bool:
    """Whether the children are statements or members."""
    return _is_body_type(node.type)


def is_wrapper(node: Node) -> bool:
    """Whether the node only dresses one definition (``export``, ``const``, ``template <...>``)."""
    if node.type not in _WRAPPERS:
        return False
    dressed = [c for c in node.named_children if not (is_comment(c) or is_ornament(c))]
    return len(dressed) == 1


def is_in_expression(node: Node) -> bool:
    """A method of an object literal or a value of one."""
    return node.type == "pair" or (node.type == "method_definition" and _parent_type(node) == "object")


def first_line(node: Node) -> int:
    return node.start_point.row + 1


def last_line(node: Node) -> int:
    """The last line with something of the node; a node may end at the beginning of the next line."""
    end = node.end_point
    return max(first_line(node), end.row + 1 if end.column else end.row)


def text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def one_line(node: Node, longest: int) -> str:
    return _fold(text(node), longest)


def defined(node: Node, kinds: Mapping[str, PassageKind]) -> tuple[str, PassageKind] | None:
    """The dotted name and the kind of what the node defines, or None where it defines nothing."""
    kind = kinds.get(node.type)
    if kind is not None:
        if node.type in _NEED_BODY and node.child_by_field_name("body") is None:
            return None
        name = _name(node)
        return (name, kind) if name else None
    if node.type in _VALUED:
        name_field, value_field = _VALUED[node.type]
        named, value = node.child_by_field_name(name_field), node.child_by_field_name(value_field)
    elif node.type == "assignment_statement" and node.named_child_count == 2:
        named, value = (side.named_child(0) for side in node.named_children)
    else:
        return None
    if named is None or value is None or value.type not in _FUNCTION_VALUES:
        return None
    name = _dotted(text(named))
    return (name, PassageKind.FUNCTION) if name else None


def has_body(node: Node) -> bool:
    return _body(node) is not None


def unqualified(signature: str) -> str:
    """The signature without the words about who may see it."""
    return _VISIBILITY.sub("", signature)


def signature(node: Node, source: bytes) -> str:
    """The head of the definition, up to its body, in one line."""
    body = _body(node)
    skipped = max((child.end_byte for child in _decorations(node)), default=node.start_byte)
    end = body.start_byte if body is not None else node.end_byte
    head = source[skipped : min(end, skipped + 8 * _LONGEST_SIGNATURE)]
    if body is None:
        head = head.strip().partition(b"\n")[0]
    return _fold(head.decode("utf-8", "replace"), _LONGEST_SIGNATURE).rstrip(" {(=:;")


def decorators(node: Node) -> list[str]:
    """Annotations and attributes written inside the definition's own node."""
    return [one_line(child, 200) for child in _decorations(node)]


def uncommented(comments: list[str]) -> str:
    """The text of the comments right above a definition, without their marks."""
    marked = "\n".join(comments)[: 2 * _LONGEST_COMMENT]
    return _MARKS.sub("", marked).strip()[:_LONGEST_COMMENT]


def _decorations(node: Node) -> list[Node]:
    holders = [node, *(child for child in node.named_children if child.type == "modifiers")]
    return [child for holder in holders for child in holder.named_children if child.type in _DECORATORS]


def _body(node: Node) -> Node | None:
    body = node.child_by_field_name("body")
    if body is None and node.type in _VALUED:
        value = node.child_by_field_name(_VALUED[node.type][1])
        body = value.child_by_field_name("body") if value is not None else None
    return body or next((child for child in node.named_children if is_body(child)), None)


def _name(node: Node) -> str:
    if node.type in _FIXED_NAMES:
        return _FIXED_NAMES[node.type]
    if node.type == "impl_item":
        return _dotted(_field(node, "type"))
    if node.type == "operator_declaration":
        return f"operator{_field(node, 'operator')}"
    name = _field(node, "name") or _declared(node)
    if not name:
        reference = next((c for c in node.named_children if c.type == "object_reference"), None)
        name = text(reference) if reference is not None else ""
    receiver = node.child_by_field_name("receiver")
    if receiver is not None and name:
        owner = text(receiver).strip("() ").split()
        name = f"{owner[-1].lstrip('*')}.{name}" if owner else name
    return _dotted(name)


def _declared(node: Node) -> str:
    """The name inside the declarators of C, at whatever depth."""
    inner = node.child_by_field_name("declarator")
    for _ in range(20):
        if inner is None:
            return ""
        deeper = inner.child_by_field_name("declarator")
        if deeper is None:
            deeper = next((c for c in inner.named_children if c.type.endswith("declarator")), None)
        if deeper is None:
            return text(inner)
        inner = deeper
    return ""


def _field(node: Node, name: str) -> str:
    found = node.child_by_field_name(name)
    return "" if found is None else text(found)


def _dotted(name: str) -> str:
    """``a::B<T>::c`` and ``a:c`` as ``a.B.c``; empty where it is no name."""
    previous = None
    name = name[: 4 * _LONGEST_NAME]
    while previous != name and not name.startswith("operator"):
        previous, name = name, _GENERICS.sub("", name)
    name = _PREFIX.sub("", name.replace("::", ".").replace(":", ".").replace("->", ".").replace("\\", "."))
    folded = "".join(name.split()).strip("\"'`.")
    return folded if len(folded) <= _LONGEST_NAME else ""


def _parent_type(node: Node) -> str:
    return node.parent.type if node.parent is not None else ""


def _fold(value: str, longest: int) -> str:
    folded = " ".join(value[: 4 * longest].split())
    return folded if len(folded) <= longest else folded[: longest - 1] + "…"
