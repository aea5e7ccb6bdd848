"""No tables; the file lets the app hear post_migrate, after which the guards are installed."""
