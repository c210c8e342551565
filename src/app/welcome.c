/*
 * welcome.c - what people see on standard output when the server is ready.
 *
 * At the first start: all that a phone needs, and what to try. Later starts: two lines, without passwords.
 */
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "app/out.h"
#include "app/serve.h"
#include "loop/udp.h"
#include "pbx/account.h"

/* First address of an interface that is up and not a loopback. */
static bool interface_address(struct sa *a)
{
	struct ifaddrs *list = NULL;
	bool found = false;

	if (getifaddrs(&list))
		return false;
	for (struct ifaddrs *i = list; i && !found; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP) ||
		    (i->ifa_flags & IFF_LOOPBACK))
			continue;
		found = sa_from_os(a, i->ifa_addr) == 0 && !sa_is_linklocal(a);
	}
	freeifaddrs(list);
	return found;
}

void welcome_address(const struct server *s, struct sa *a)
{
	struct sa doc;

	for (size_t i = 0; i < s->opt->nlisten; i++) {
		*a = s->opt->listen[i];
		if (!sa_is_any(a) && !sa_is_loopback(a))
			return;
	}
	*a = s->opt->listen[0];
	if (!sa_is_any(a))
		return;
	/* which address leads to others: an address of RFC 5737 is asked for, nothing is sent */
	if (sa_af(a) == AF_INET && sa_set(&doc, SLICE("192.0.2.1"), 9) == 0 && udp_local_for(s->loop, &doc, a) == 0 &&
	    !sa_is_any(a) && !sa_is_loopback(a))
		return;
	if (interface_address(a))
		return;
	if (sa_set(a, sa_af(&s->opt->listen[0]) == AF_INET6 ? SLICE("::1") : SLICE("127.0.0.1"), 0))
		sa_any(a, AF_INET, 0);
}

char *welcome_link(const struct server *s, char *dst)
{
	uint16_t port = s->opt->http_port ? s->opt->http_port : s->opt->https_port;
	char addr[SA_STRLEN];
	struct sa a;

	dst[0] = '\0';
	if (!port)
		return dst;
	welcome_address(s, &a);
	sa_set_port(&a, port);
	snprintf(dst, WELCOME_LINK, "%s://%s/", s->opt->http_port ? "http" : "https", sa_str(&a, addr));
	return dst;
}

/* What a service writes is kept in the journal, and passwords have no place there. */
static bool kept(void)
{
	return getenv("JOURNAL_STREAM") && !isatty(STDOUT_FILENO);
}

static const char *password(const struct server *s, const char *number, struct buf *b)
{
	if (kept())
		return "(hidden in a journal: extension show NUMBER --password)";
	buf_reset(b);
	if (pbx_extension_password(s->pbx, slice_str(number), b))
		return "?";
	buf_char(b, '\0');
	return buf_err(b) ? "?" : b->p;
}

/* The page; with the one-time token behind it, which makes the first administrator, while there is none. */
static char *page_link(const struct server *s, char dst[WELCOME_LINK + 64])
{
	const char *token = *welcome_link(s, dst) ? account_setup_token(s->pbx) : NULL;
	size_t l = strlen(dst);

	if (token && !kept())
		snprintf(dst + l, WELCOME_LINK + 64 - l, "setup#%s", token);
	return dst;
}

/* Who reads a journal makes the first administrator here. */
static void page_hint(const struct server *s, const struct cli *c)
{
	if (account_setup_needed(s->pbx) && kept())
		printf("  Its administrator   %s user add NAME --role administrator --password -%s\n", c->prog,
		       cli_data_hint(c));
}

static void first_start(const struct server *s, const struct cli *c)
{
	static const char *const numbers[] = {"100", "101"};
	const char *bold = out_style(STYLE_BOLD), *off = out_style(STYLE_OFF), *hint = cli_data_hint(c);
	char addr[SA_STRLEN], link[WELCOME_LINK + 64], *full = realpath(s->data, NULL);
	struct sa a;
	struct buf b;

	buf_init(&b);
	welcome_address(s, &a);
	printf("\n%sWelcome to offhook.%s Your phone system is running, with two numbers to begin with.\n\n", bold,
	       off);
	if (*page_link(s, link)) {
		printf("  %s  %s%s%s\n", account_setup_needed(s->pbx) ? "Set it up here  " : "Open the page   ", bold,
		       link, off);
		page_hint(s, c);
		printf("\n");
	}
	printf("  Tell each phone (or phone app):\n\n");
	printf("    SIP server   %s%s%s", bold, sa_ntop(&a, addr), off);
	if (s->opt->sip_port != 5060)
		printf("   port %s%u%s", bold, s->opt->sip_port, off);
	if (s->opt->listen_all && !sa_is_loopback(&a))
		printf("   (on this machine also 127.0.0.1)");
	if (s->opt->sips_port)
		printf("\n    Transport    TLS (encrypted, port %u), TCP or UDP\n\n", s->opt->sips_port);
	else
		printf("\n    Transport    TCP or UDP\n\n");
	printf("    User     Password\n");
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		printf("    %s%-6s   %s%s\n", bold, numbers[i], password(s, numbers[i], &b), off);
	printf("\n  Try it: dial %s*43%s to hear yourself, dial %s101%s to call the other phone.\n\n", bold, off, bold,
	       off);
	printf("  Add an extension   %s extension add 102 --name \"Kitchen\"%s\n", c->prog, hint);
	printf("  See what goes on   %s status%s\n", c->prog, hint);
	printf("  All commands       %s --help\n", c->prog);
	printf("  Data lies in       %s\n", full ? full : s->data);
	printf("  Ctrl-C ends calls and then the server.\n\n");
	if (b.p)
		mem_wipe(b.p, b.cap);
	mem_wipe(link, sizeof(link));
	buf_free(&b);
	free(full);
}

void welcome_print(const struct server *s, const struct cli *c)
{
	char addr[SA_STRLEN], link[WELCOME_LINK + 64];
	size_t ext, reg, contacts;
	struct sa a;

	if (s->welcome) {
		first_start(s, c);
		if (fflush(stdout) || store_setting_init(s->store, "welcomed", OFFHOOK_VERSION))
			log_warn("app", "this welcome will be shown again at the next start");
	} else {
		welcome_address(s, &a);
		sa_set_port(&a, s->opt->sip_port);
		pbx_counts(s->pbx, &ext, &reg, &contacts);
		printf("offhook %s: %zu extension%s, %zu registered; SIP server %s (UDP, TCP%s); data in %s\n",
		       OFFHOOK_VERSION, ext, ext == 1 ? "" : "s", reg, sa_str(&a, addr),
		       s->opt->sips_port ? ", TLS" : "", s->data);
		if (*page_link(s, link))
			printf("%s: %s   ", account_setup_needed(s->pbx) ? "Set it up" : "Page", link);
		printf("Passwords: %s extension show NUMBER --password%s   Ctrl-C ends the server.\n", c->prog,
		       cli_data_hint(c));
	}
	(void)fflush(stdout);
}
