#: make lint        format, clang-tidy, arrows between rooms, headers alone, sizes, documents
#: make fmt         bring the source into format
FMT_SRC := $(shell find src include test bench -name '*.[ch]' 2>/dev/null)
.PHONY: lint fmt
lint: deps-lint
	@tools/lint-arrows
	@tools/lint-headers
	@tools/lint-sizes
	@tools/lint-docs
	@clang-format-14 --dry-run -Werror $(FMT_SRC) && echo "format: $(words $(FMT_SRC)) files are in format"
	@tools/lint-tidy
fmt: deps-lint
	@clang-format-14 -i $(FMT_SRC)
