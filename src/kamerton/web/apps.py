from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "kamerton.web"
    label = "web"
