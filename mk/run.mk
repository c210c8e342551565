#: make             build build/offhook and build/liboffhook.a
#: make run         build and start offhook with its data in ./data
#: make bench       measure beside kamailio and rtpengine
#: make install     install under PREFIX (/usr/local)
.PHONY: run bench install
PREFIX ?= /usr/local
run: all
	@exec $(BUILD)/offhook serve --data ./data $(ARGS)
bench: deps-bench all
	@bench/run
install: all
	install -Dm755 $(BUILD)/offhook $(DESTDIR)$(PREFIX)/bin/offhook
	install -Dm644 $(BUILD)/liboffhook.a $(DESTDIR)$(PREFIX)/lib/liboffhook.a
	install -d $(DESTDIR)$(PREFIX)/include/offhook
	install -m644 include/offhook/*.h $(DESTDIR)$(PREFIX)/include/offhook/
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' mk/offhook.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/offhook.pc
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	$(BUILD)/offhook completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/offhook
