from django.apps import AppConfig
from django.db.models.signals import post_migrate


def install_guards(using: str, **_: object) -> None:
    """A plain column change on SQLite drops triggers in silence, so every migration reinstalls them."""
    from kamerton.apps.records.freezing import install

    install(using)


class ConfigConfig(AppConfig):
    name = "kamerton.config"
    label = "config"

    def ready(self) -> None:
        post_migrate.connect(install_guards, sender=self, dispatch_uid="kamerton-guards")
