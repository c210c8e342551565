# The page: web/ is built by Vite and embedded in the program.
#: make web         build the page only
#: make web-test    types, format, unit tests and size of the page
#
# It is the same for each kind of build, so it stands once, in build/web.
WEB_SRC := $(shell find web/src web/public -type f 2>/dev/null) $(wildcard web/*.json web/*.ts web/index.html web/.npmrc) \
	   tools/web-build tools/web-embed.mjs

.PHONY: web web-test web-e2e
web: deps build/web/assets.c
build/web/assets.c: $(WEB_SRC)
	@mkdir -p $(@D)
	@tools/web-build $@
build/web/assets.o: build/web/assets.c src/app/assets.h src/http/http.h
	@echo "  cc    $<"
	@$(CCACHE) gcc $(CPPFLAGS) -std=c11 -O1 -c -o $@ $<
$(call archive,app): build/web/assets.o

web-test: build/web/assets.c
	@tools/web-test

#: make api-test    the OpenAPI document in the eyes of a validator from npm
.PHONY: api-test
api-test: $(BUILD)/unit/api/openapi
	@tools/api-test $<

#: make field-test  one line more in the table of extensions is found in REST, CLI, schema, OpenAPI and CSV
.PHONY: field-test
field-test: $(BUILD)/offhook
	@tools/field-test $(BUILD)

#: make api-fuzz    the interface fuzzed from its OpenAPI document; FUZZ_SEED=new begins anywhere, =N repeats a run
.PHONY: api-fuzz
api-fuzz: $(BUILD)/offhook
	@tools/api-fuzz $<

#: make web-e2e     the page in headless Chromium against the server
web-e2e: build/web/assets.c $(BUILD)/offhook
	@tools/web-e2e $(BUILD)/offhook
