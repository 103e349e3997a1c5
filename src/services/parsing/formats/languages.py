"""Which nodes of each grammar are definitions. The grammars come with their packages; none is downloaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from src.core.passages import PassageKind


@dataclass(frozen=True)
class Language:
    """One language: its grammar package, and the kind of passage for each node type that defines something.

    ``module`` and ``function`` name where the grammar comes from; ``imports`` are the node types
    that bring in other files.
    """

    name: str
    module: str
    suffixes: frozenset[str]
    kinds: Mapping[str, PassageKind]
    imports: frozenset[str]
    function: str = "language"
    media_types: frozenset[str] = field(default_factory=frozenset)


def _language(
    name: str,
    suffixes: str,
    *,
    classes: str = "",
    functions: str = "",
    others: str = "",
    namespaces: str = "",
    imports: str = "",
    module: str | None = None,
    function: str = "language",
    media_types: str = "",
) -> Language:
    kinds: dict[str, PassageKind] = {}
    kinds |= dict.fromkeys(classes.split(), PassageKind.CLASS)
    kinds |= dict.fromkeys(functions.split(), PassageKind.FUNCTION)
    kinds |= dict.fromkeys(others.split(), PassageKind.CODE)
    kinds |= dict.fromkeys(namespaces.split(), PassageKind.MODULE)
    return Language(
        name=name,
        module=f"tree_sitter_{module or name}",
        suffixes=frozenset(suffixes.split()),
        kinds=kinds,
        imports=frozenset(imports.split()),
        function=function,
        media_types=frozenset(media_types.split()),
    )


_SCRIPT_FUNCTIONS = "function_declaration generator_function_declaration method_definition function_signature"
_C_CLASSES = "struct_specifier union_specifier enum_specifier type_definition"


def languages() -> tuple[Language, ...]:
    """Every language that is read by its structure, except Python."""
    return (
        _language(
            "javascript",
            ".js .mjs .cjs .jsx",
            classes="class_declaration",
            functions=_SCRIPT_FUNCTIONS,
            imports="import_statement",
            media_types="text/javascript application/javascript",
        ),
        *(
            _language(
                name,
                suffixes,
                module="typescript",
                function=f"language_{name}",
                classes="class_declaration abstract_class_declaration interface_declaration enum_declaration",
                functions=_SCRIPT_FUNCTIONS,
                others="type_alias_declaration",
                namespaces="internal_module module",
                imports="import_statement",
                media_types=media_types,
            )
            for name, suffixes, media_types in (
                ("typescript", ".ts .mts .cts", "text/typescript application/typescript"),
                ("tsx", ".tsx", "text/tsx"),
            )
        ),
        _language(
            "java",
            ".java",
            classes="class_declaration interface_declaration enum_declaration record_declaration "
            "annotation_type_declaration",
            functions="method_declaration constructor_declaration compact_constructor_declaration",
            imports="import_declaration",
            media_types="text/x-java text/x-java-source",
        ),
        _language(
            "go",
            ".go",
            classes="type_spec",
            functions="function_declaration method_declaration",
            others="type_alias",
            imports="import_spec",
            media_types="text/x-go",
        ),
        _language(
            "rust",
            ".rs",
            classes="struct_item enum_item union_item trait_item impl_item",
            functions="function_item",
            others="macro_definition type_item",
            namespaces="mod_item",
            imports="use_declaration extern_crate_declaration",
            media_types="text/x-rust",
        ),
        _language(
            "c",
            ".c",
            classes=_C_CLASSES,
            functions="function_definition",
            others="preproc_function_def",
            imports="preproc_include",
            media_types="text/x-c text/x-csrc",
        ),
        _language(
            "cpp",
            ".cpp .cc .cxx .c++ .h .hpp .hh .hxx .ipp .cu .cuh",
            classes=f"{_C_CLASSES} class_specifier concept_definition",
            functions="function_definition",
            others="preproc_function_def alias_declaration",
            namespaces="namespace_definition",
            imports="preproc_include using_declaration",
            media_types="text/x-c++ text/x-c++src",
        ),
        _language(
            "csharp",
            ".cs",
            module="c_sharp",
            classes="class_declaration interface_declaration struct_declaration enum_declaration "
            "record_declaration",
            functions="method_declaration constructor_declaration destructor_declaration "
            "operator_declaration conversion_operator_declaration indexer_declaration "
            "local_function_statement",
            others="delegate_declaration",
            namespaces="namespace_declaration",
            imports="using_directive",
            media_types="text/x-csharp",
        ),
        _language(
            "ruby",
            ".rb .rake .gemspec",
            classes="class module singleton_class",
            functions="method singleton_method",
            media_types="text/x-ruby application/x-ruby",
        ),
        _language(
            "php",
            ".php .phtml",
            function="language_php",
            classes="class_declaration interface_declaration trait_declaration enum_declaration",
            functions="function_definition method_declaration",
            imports="namespace_use_declaration",
            media_types="text/x-php application/x-php",
        ),
        _language(
            "bash",
            ".sh .bash .zsh .ksh",
            functions="function_definition",
            media_types="text/x-shellscript application/x-sh",
        ),
        _language(
            "kotlin",
            ".kt .kts",
            classes="class_declaration object_declaration companion_object",
            functions="function_declaration secondary_constructor",
            others="type_alias",
            imports="import",
            media_types="text/x-kotlin",
        ),
        _language(
            "scala",
            ".scala .sc",
            classes="class_definition trait_definition object_definition enum_definition",
            functions="function_definition",
            others="type_definition",
            imports="import_declaration",
            media_types="text/x-scala",
        ),
        _language(
            "swift",
            ".swift",
            classes="class_declaration protocol_declaration",
            functions="function_declaration init_declaration deinit_declaration subscript_declaration",
            others="typealias_declaration",
            imports="import_declaration",
            media_types="text/x-swift",
        ),
        _language(
            "sql",
            ".sql .ddl",
            functions="create_function create_procedure create_trigger",
            others="create_table create_view create_materialized_view create_type create_schema",
            media_types="application/sql text/x-sql",
        ),
        _language(
            "lua",
            ".lua",
            functions="function_declaration",
            media_types="text/x-lua",
        ),
    )
