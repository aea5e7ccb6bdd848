"""Addresses of the stage Describe: function map and competency model; `build_urls` holds the stage Build."""

from django.urls import URLPattern, path

from kamerton.web.studio import function_map, model, model_table, releases, sources

FUNCTION, MODEL = {"page": "function"}, {"page": "model"}

urlpatterns: list[URLPattern] = [
    path("function/", function_map.function_map, name="function"),
    path("function/edit/", function_map.edit, name="function-edit"),
    path("function/undo/", function_map.undo, name="function-undo"),
    path("function/table.xlsx", function_map.table, name="function-table"),
    path("function/publish/", releases.publish, FUNCTION, name="function-publish"),
    path("function/compare/", releases.compare, FUNCTION, name="function-compare"),
    path("model/", model.model, name="model"),
    path("model/edit/", model.edit, name="model-edit"),
    path("model/table.xlsx", model_table.model_file, name="model-file"),
    path("model/table/", model_table.model_import, name="model-import"),
    path("model/dismiss/", model.dismiss, name="model-dismiss"),
    path("model/undo/", model.undo, name="model-undo"),
    path("model/book.pdf", releases.book_file, name="model-book"),
    path("model/case.json", releases.case_file, name="model-case"),
    path("model/publish/", releases.publish, MODEL, name="model-publish"),
    path("model/compare/", releases.compare, MODEL, name="model-compare"),
    path("sources/", sources.source_list, name="sources"),
    path("sources/new/", sources.source_new, name="source-new"),
    path("sources/import/", sources.source_import, name="source-import"),
    path("sources/sort/", sources.round_new, name="sort-new"),
    path("sources/sort/<uuid:round_id>/", sources.round_page, name="sort-round"),
    path("sources/indicator/<str:code>/", sources.indicator, name="source-indicator"),
    path("sources/at/<str:code>/", sources.source, name="source"),
    path("model/<str:code>/", model.competency, name="competency"),
]
