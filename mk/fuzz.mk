#: make fuzz-NAME   fuzz one target (test/fuzz/NAME.c): FUZZ_RUNS=100000 FUZZ_TIME=seconds FUZZ_KEEP=1
#: make fuzz-soak   a million runs of every target
#: make fuzz-replay feed the committed corpus to every target under ASan
#
# A target needs `wire` and `base`; fuzz_rooms_NAME names other rooms. Its seeds are test/fuzz/corpus/NAME, its words
# test/fuzz/NAME.dict. New finds go to a copy of the corpus in build/, unless FUZZ_KEEP=1.
FUZZ_RUNS    ?= 100000
FUZZ_TIME    ?= 0
FUZZ_KEEP    ?=
FUZZ_TARGETS := $(filter-out replay,$(patsubst test/fuzz/%.c,%,$(sort $(wildcard test/fuzz/*.c))))
fuzz_rooms_sip_stack := sip wire loop base
fuzz_rooms_dns       := loop base
fuzz_rooms_codec     := media wire loop base
fuzz_rooms_csv       := api base
fuzz_rooms_http      := http loop base
fuzz_rooms_sound     := media loop wire base
fuzz_rooms_srtp      := media loop wire base
fuzz_rooms_jbuf      := media loop wire base
fuzz_rooms    = $(if $(fuzz_rooms_$(1)),$(fuzz_rooms_$(1)),wire base)
fuzz_corpus   = $(if $(FUZZ_KEEP),test/fuzz/corpus/$(1),build/fuzz/corpus/$(1))

.PHONY: fuzz-soak fuzz-replay fuzz-replay-run $(addprefix fuzz-,$(FUZZ_TARGETS))

define fuzz_rules
$(BUILD)/fuzz/$(1): $(BUILD)/obj/test/fuzz/$(1).o $$(call archives,$$(call fuzz_rooms,$(1)))
	@mkdir -p $$(@D)
	@echo "  link  $$@"
	@$$(CC) $$(LDFLAGS) -fsanitize=fuzzer -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $(LIBS)
$(BUILD)/replay/$(1): $(BUILD)/obj/test/fuzz/$(1).o $(BUILD)/obj/test/fuzz/replay.o $$(call archives,$$(call fuzz_rooms,$(1)))
	@mkdir -p $$(@D)
	@echo "  link  $$@"
	@$$(CC) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $(LIBS)
fuzz-$(1): deps-fuzz
	@$$(MAKE) --no-print-directory SAN=fuzz build/fuzz/fuzz/$(1)
	@mkdir -p $$(call fuzz_corpus,$(1))
	@$$(if $$(FUZZ_KEEP),,cp -n test/fuzz/corpus/$(1)/* $$(call fuzz_corpus,$(1))/)
	@echo "fuzz $(1): $$(FUZZ_RUNS) runs"
	@build/fuzz/fuzz/$(1) -runs=$$(FUZZ_RUNS) -max_total_time=$$(FUZZ_TIME) -timeout=10 -rss_limit_mb=1024 -max_len=8192 \
		-print_final_stats=1 -verbosity=0 -artifact_prefix=build/fuzz/$(1)- \
		$$(addprefix -dict=,$$(wildcard test/fuzz/$(1).dict)) $$(call fuzz_corpus,$(1)) 2>build/fuzz/$(1).log \
		|| { tail -n 60 build/fuzz/$(1).log; echo "fuzz $(1): FAILED"; exit 1; }
	@grep -E 'number_of_executed_units|average_exec_per_sec' build/fuzz/$(1).log
endef
$(foreach t,$(FUZZ_TARGETS),$(eval $(call fuzz_rules,$(t))))

fuzz-soak:
	@for t in $(FUZZ_TARGETS); do $(MAKE) --no-print-directory fuzz-$$t FUZZ_RUNS=1000000 || exit 1; done
	@echo "$(words $(FUZZ_TARGETS)) targets, 1000000 runs each: no finding"

fuzz-replay:
	@$(MAKE) --no-print-directory SAN=asan fuzz-replay-run
fuzz-replay-run: $(FUZZ_TARGETS:%=$(BUILD)/replay/%)
	@for t in $(FUZZ_TARGETS); do timeout 300 $(BUILD)/replay/$$t test/fuzz/corpus/$$t || echo "0 passed, 0 failed: $$t is not clean"; done \
		| awk '{ p += $$1; f += $$3; if (/not clean/) bad++ } END { \
			if (bad && !f) f = bad; print p + 0 " passed, " f + 0 " failed"; exit f > 0 }'
