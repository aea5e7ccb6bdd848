from django.apps import AppConfig


class FunctionsConfig(AppConfig):
    name = "kamerton.apps.functions"
    label = "functions"
    default_auto_field = "django.db.models.BigAutoField"
