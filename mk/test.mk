#: make test        all tests but the slow ones: ends with "N passed, N failed"
#: make test-slow   the tests that need a browser; ends in the same way
#: make asan / tsan the instrumented builds
#: make cover       line coverage of the unit and scenario tests
SUBMAKE := $(MAKE) --no-print-directory

.PHONY: test test-slow asan tsan cover scenario interop
test: deps-test
	@tools/test-all fast
test-slow: deps-slow
	@tools/test-all slow

asan: deps
	@$(SUBMAKE) SAN=asan build/asan/offhook
tsan: deps
	@$(SUBMAKE) SAN=tsan build/tsan/offhook

# Scenario tests: one behaviour per file, all in one program.
SCEN_OBJ := $(patsubst test/%.c,$(BUILD)/obj/test/%.o,$(sort $(wildcard test/scenario/*.c)))
$(BUILD)/scenario: $(SCEN_OBJ) $(call archives,$(LINKS))
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ $(SCEN_OBJ) -Wl,--start-group $(call archives,$(LINKS)) -Wl,--end-group $(LIBS) -lcmocka
scenario: $(BUILD)/scenario
	@UNIT_TIMEOUT=540 tools/run-unit $(BUILD)/scenario

# Interop tests: real clients in a network namespace of their own.
interop: $(BUILD)/offhook
	@test/interop/run $(BUILD)/offhook

cover: deps-test
	@tools/need "to measure coverage" gcovr
	@$(SUBMAKE) SAN=cover $(addprefix unit-,$(ROOMS)) scenario
	@gcovr -r . --object-directory build/cover -e test --print-summary --html build/cover/index.html | tail -n 4
