# What the interop tests need beside the server: small tools, independent of the rooms.
#: make interop     real phones (baresip, sipp) against the server, in network namespaces of their own
#: make soak        a million fuzz runs per target, then thousands of calls against a release build (about an hour)
TOOLS := $(patsubst test/tools/%.c,$(BUILD)/tools/%,$(sort $(wildcard test/tools/*.c)))
$(TOOLS): $(BUILD)/tools/%: $(BUILD)/obj/test/tools/%.o
	@mkdir -p $(@D)
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ $< -lm

.PHONY: tools soak soak-calls soak-flood
tools: $(TOOLS)
interop: $(TOOLS) $(BUILD)/bench/load

soak: deps-fuzz fuzz-soak soak-calls soak-flood
soak-calls: deps $(BUILD)/offhook $(BUILD)/bench/load $(TOOLS)
	@test/soak $(BUILD)/offhook $(BUILD)/bench/load
soak-flood: deps $(BUILD)/offhook $(BUILD)/bench/load $(TOOLS)
	@test/soak-flood $(BUILD)/offhook $(BUILD)/bench/load $(BUILD)/tools
