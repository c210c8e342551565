#: make             build build/offhook and build/liboffhook.a
#: make run         build and start offhook with its data in ./data
#: make bench       measure beside kamailio and rtpengine
#: make soak        a million fuzz runs per target, 10,000 calls in a row, 500 at once
#: make install     install under PREFIX (/usr/local)
.PHONY: run bench soak install
PREFIX ?= /usr/local
run: all
	@exec $(BUILD)/offhook serve --data ./data $(ARGS)
bench: deps-bench all
	@bench/run
soak: deps-test deps-fuzz all
	@test/soak
install: all
	install -Dm755 $(BUILD)/offhook $(DESTDIR)$(PREFIX)/bin/offhook
	install -Dm644 $(BUILD)/liboffhook.a $(DESTDIR)$(PREFIX)/lib/liboffhook.a
	install -d $(DESTDIR)$(PREFIX)/include/offhook
	install -m644 include/offhook/*.h $(DESTDIR)$(PREFIX)/include/offhook/
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	$(BUILD)/offhook completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/offhook
