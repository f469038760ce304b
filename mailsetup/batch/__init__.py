"""Set-up of many people: reads a table, writes a folder of results."""
