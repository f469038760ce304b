"""Roll-out kits: one mailbox's settings as everybody's, for the engines that fleets run already."""
