# The load generator: independent of the rooms, so that it measures them from outside.
SOUND_SRC := $(sort $(wildcard bench/sound*.c))
$(BUILD)/bench/load: $(patsubst bench/%.c,$(BUILD)/obj/bench/%.o,$(filter-out $(SOUND_SRC) bench/records.c,$(sort $(wildcard bench/*.c))))
	@mkdir -p $(@D)
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ $^ -lssl -lcrypto

# Measures what works on sound from inside: linked with the rooms.
$(BUILD)/bench/sound: $(patsubst bench/%.c,$(BUILD)/obj/bench/%.o,$(SOUND_SRC)) $(call archives,media $(may_media))
	@mkdir -p $(@D)
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# Measures first pages of millions of call records and thousands of extensions.
$(BUILD)/bench/records: $(BUILD)/obj/bench/records.o $(call archives,api $(may_api))
	@mkdir -p $(@D)
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
