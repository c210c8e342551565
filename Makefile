# offhook: build, test, run. "make help" lists the targets.
#
# SAN=asan|tsan|fuzz|cover chooses an instrumented build in its own folder.

SHELL   := /bin/bash
.DEFAULT_GOAL := all

# ------------------------------------------------------------------ settings
SAN     ?=
VERSION := $(shell cat VERSION 2>/dev/null || echo 0.0.0)
BUILD   := build$(if $(SAN),/$(SAN))
CCACHE  := $(shell command -v ccache 2>/dev/null)
CC      := $(if $(filter fuzz,$(SAN)),clang-14,gcc)
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wno-missing-field-initializers $(if $(CI),-Werror)
OPT     := -O2
ifneq ($(SAN),)
OPT     := -O1 -fno-omit-frame-pointer -DOH_DEBUG
endif
SANFLAGS_asan  := -fsanitize=address,undefined -fno-sanitize-recover=undefined
SANFLAGS_tsan  := -fsanitize=thread
SANFLAGS_fuzz  := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
SANFLAGS_cover := --coverage
SANFLAGS := $(SANFLAGS_$(SAN))

PKGS    := libuv libssl libcrypto jansson sqlite3 libcurl libcares libpcre2-8 opus ogg opusfile libopusenc speex speexdsp
# asked once, when first used: the packages may be installed by this very run
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null))$(PKG_CFLAGS)
CPPFLAGS = -Isrc -Iinclude -D_GNU_SOURCE -DOFFHOOK_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
CFLAGS  := -std=c11 $(OPT) -g -fno-strict-aliasing -fstack-protector-strong $(WARN) $(SANFLAGS)
LDFLAGS := $(SANFLAGS)
LIBS    := -lcurl -lsqlite3 -ljansson -lssl -lcrypto -lcares -lpcre2-8 -luv -lz \
	   -lopus -lopusfile -lopusenc -logg -lspandsp -lgsm -lspeex -lspeexdsp -lm -lpthread
# oracles that only tests use
test_libs_media := -lsrtp2

# ------------------------------------------------------------------ rooms
# Each room is one archive; a unit test links its room and the rooms that it may use.
ROOMS   := base wire loop http store sip media call ua pbx api app
# link order: users first
LINKS   := app api pbx store http ua call media sip wire loop base
may_base  :=
may_wire  := base
may_loop  := base
may_http  := loop base
may_store := loop base
may_sip   := wire loop base
may_media := wire loop base
may_call  := media sip wire loop base
may_ua    := call media sip wire loop base
may_pbx   := call media sip store http wire loop base
may_api   := pbx call media sip store http wire loop base
may_app   := api pbx store http ua call media sip wire loop base

LIBDIR  := $(BUILD)/lib
room_src = $(sort $(shell find src/$(1) -name '*.c' 2>/dev/null))
room_obj = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(call room_src,$(1)))
archive  = $(LIBDIR)/$(1).a
archives = $(foreach r,$(filter $(1),$(LINKS)),$(call archive,$(r)))

.PHONY: all help clean
all: deps $(BUILD)/offhook $(BUILD)/liboffhook.a

help:
	@sed -n 's/^#: //p' $(MAKEFILE_LIST)

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "  cc    $<"
	@$(CCACHE) $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/test/%.o: test/%.c
	@mkdir -p $(@D)
	@echo "  cc    $<"
	@$(CCACHE) $(CC) $(CPPFLAGS) -Itest $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/bench/%.o: bench/%.c
	@mkdir -p $(@D)
	@echo "  cc    $<"
	@$(CCACHE) $(CC) $(CPPFLAGS) -Ibench $(CFLAGS) -MMD -MP -c -o $@ $<

# one loop without branches, made for vectors
$(BUILD)/obj/media/g711.o: CFLAGS += -O3

define room_rules
.PHONY: room-$(1) unit-$(1)
$$(call archive,$(1)): $$(call room_obj,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
room-$(1): $$(call archive,$(1))
$(1)_UNITS := $$(sort $$(wildcard test/unit/$(1)/*_test.c))
$(1)_BINS  := $$(patsubst test/unit/$(1)/%_test.c,$(BUILD)/unit/$(1)/%,$$($(1)_UNITS))
$$($(1)_BINS): $(BUILD)/unit/$(1)/%: $(BUILD)/obj/test/unit/$(1)/%_test.o $$(call archives,$(1) $$(may_$(1)))
	@mkdir -p $$(@D)
	@echo "  link  $$@"
	@$$(CC) $$(LDFLAGS) -o $$@ $$^ $(LIBS) $(test_libs_$(1)) -lcmocka
unit-$(1): $$($(1)_BINS)
	@tools/run-unit $$($(1)_BINS)
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

$(BUILD)/offhook: $(call archives,$(LINKS))
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ -Wl,--start-group $^ -Wl,--end-group $(LIBS)

# liboffhook: one relocatable object in which only the oh_ symbols stay visible.
UALIB := ua call media sip wire loop base
$(BUILD)/liboffhook.a: $(call archives,$(UALIB))
	@echo "  lib   $@"
	@rm -f $@
	@ld -r -o $(BUILD)/liboffhook.o --whole-archive $^
	@objcopy --wildcard --keep-global-symbol='oh_*' $(BUILD)/liboffhook.o
	@ar rcs $@ $(BUILD)/liboffhook.o

clean:
	rm -rf build

-include $(shell find $(BUILD) -maxdepth 8 -name '*.d' -not -path '$(if $(SAN),-,$(BUILD)/asan/*)' 2>/dev/null)
-include mk/*.mk
