# The load generator: independent of the rooms, so that it measures them from outside.
$(BUILD)/bench/load: $(patsubst bench/%.c,$(BUILD)/obj/bench/%.o,$(sort $(wildcard bench/*.c)))
	@mkdir -p $(@D)
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ $^ -lssl -lcrypto
