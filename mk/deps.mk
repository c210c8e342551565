deps:
