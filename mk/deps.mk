# Debian packages, installed when missing (as root or through sudo), saying what and why.
#: make deps        install what building needs
#: make deps-test   install what the tests need as well
DEPS_BUILD := gcc libc6-dev pkg-config binutils libuv1-dev libssl-dev libjansson-dev libsqlite3-dev libcurl4-openssl-dev zlib1g-dev libc-ares-dev libpcre2-dev \
	      libopus-dev libopusfile-dev libopusenc-dev libogg-dev libspandsp-dev libgsm1-dev libspeex-dev libspeexdsp-dev \
	      nodejs@node npm@npm
DEPS_TEST  := $(DEPS_BUILD) g++ libcmocka-dev iproute2 util-linux procps sip-tester baresip-core sqlite3 curl jq kamailio kamailio-tls-modules linphone-cli twinkle-console sipvicious openssl libsrtp2-dev opus-tools sox
DEPS_SLOW  := $(DEPS_TEST) chromium fonts-noto-cjk
DEPS_LINT  := $(DEPS_BUILD) libcmocka-dev libsrtp2-dev clang-format-14 clang-tidy-14 universal-ctags
DEPS_FUZZ  := $(DEPS_BUILD) clang-14 llvm-14 libclang-rt-14-dev
DEPS_BENCH := $(DEPS_BUILD) kamailio kamailio-tls-modules rtpengine-daemon procps openssl

.PHONY: deps deps-test deps-slow deps-lint deps-fuzz deps-bench
deps:
	@tools/need "to build offhook" $(DEPS_BUILD)
deps-test:
	@tools/need "to run the tests" $(DEPS_TEST)
deps-slow:
	@tools/need "to run the tests in a browser" $(DEPS_SLOW)
deps-lint:
	@tools/need "to check the source" $(DEPS_LINT)
deps-fuzz:
	@tools/need "to fuzz" $(DEPS_FUZZ)
deps-bench:
	@tools/need "to measure beside kamailio and rtpengine" $(DEPS_BENCH)
