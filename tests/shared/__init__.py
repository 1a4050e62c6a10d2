"""What the checks share: the pinned tools, the program, templates, an emulator of AWS."""
