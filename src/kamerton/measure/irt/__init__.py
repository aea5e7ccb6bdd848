"""Item response models: how able a person is and how hard and sharp each item, with errors."""
