"""Roll-out kits: the settings of one mailbox as a template for all, for management systems."""
