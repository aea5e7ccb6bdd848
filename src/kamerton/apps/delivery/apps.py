from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "kamerton.apps.delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"
