# The load generator: independent of the rooms, so that it measures them from outside.
$(BUILD)/bench/load: $(patsubst bench/%.c,$(BUILD)/obj/bench/%.o,$(sort $(filter-out bench/sound%.c,$(wildcard bench/*.c))))
	@mkdir -p $(@D)
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ $^ -lssl -lcrypto

# Sound, measured from inside.
$(BUILD)/bench/sound: $(patsubst bench/%.c,$(BUILD)/obj/bench/%.o,$(sort $(wildcard bench/sound*.c))) \
		      $(call archives,media wire loop base)
	@mkdir -p $(@D)
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)
