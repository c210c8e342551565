/*
 * trunk_test.c - trunks as the phone system keeps them: settings read and refused in sentences, rows over a restart,
 * channels, states without and with a line, alarms.
 */
#include "pbx_fixture.h"
#include "pbx/trunk.h"

/* ------------------------------------------------------------------ servers and networks */

static const struct {
	const char *text;
	size_t n;
	const char *host; /* of the last */
	uint16_t port, priority, weight;
} servers[] = {
	{"", 0, "", 0, 0, 0},
	{"sip.example", 1, "sip.example", 0, 0, 0},
	{"sip1.example:5070;priority=1;weight=2, 203.0.113.5", 2, "203.0.113.5", 0, 0, 0},
	{" a.example ; priority = 3 ; weight=7 ,", 1, "a.example", 0, 3, 7},
	{"[2001:db8::1]:5080", 1, "2001:db8::1", 5080, 0, 0},
	{"2001:db8::1", 1, "2001:db8::1", 0, 0, 0},
	{"203.0.113.5:5062;WEIGHT=10", 1, "203.0.113.5", 5062, 0, 10},
	{"sip:sip.example", 1, "sip.example", 0, 0, 0},
};

static void servers_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(servers); i++) {
		struct trunk_server v[TRUNK_SERVERS_MAX];
		struct buf why;
		size_t n;

		buf_init(&why);
		assert_int_equal(ptrunk_servers(slice_str(servers[i].text), v, &n, &why), 0);
		assert_int_equal(n, servers[i].n);
		buf_free(&why);
		if (!n)
			continue;
		assert_true(slice_eqs(v[n - 1].host, servers[i].host));
		assert_int_equal(v[n - 1].port, servers[i].port);
		assert_int_equal(v[n - 1].priority, servers[i].priority);
		assert_int_equal(v[n - 1].weight, servers[i].weight);
	}
}

static const struct {
	const char *text, *why;
} bad_servers[] = {
	{"a b", "\"a b\" is neither a host name nor an address."},
	{"sip.example:0", "must be a number from 1 to 65535"},
	{"sip.example:70000", "must be a number from 1 to 65535"},
	{"sip.example:x", "must be a number from 1 to 65535"},
	{"[2001:db8::1", "neither a host name nor an address"},
	{"[2001:db8::1]5080", "must be a number from 1 to 65535"},
	{"sip.example;prio=1", "\"prio\" is not known behind a server; priority=N and weight=N are."},
	{"sip.example;priority=x", "The priority of a server must be a number from 0 to 65534."},
	{"sip.example;weight=99999", "The weight of a server must be"},
	{"-x", "neither"},
	{"a,b,c,d,e,f,g,h,i", "A trunk may have 8 servers at most."},
	{"<sip:x>", "neither"},
};

static void servers_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_servers); i++) {
		struct trunk_server v[TRUNK_SERVERS_MAX];
		struct buf why;
		size_t n;

		buf_init(&why);
		assert_int_equal(ptrunk_servers(slice_str(bad_servers[i].text), v, &n, &why), ERR_SYNTAX);
		buf_char(&why, '\0');
		if (!strstr(why.p, bad_servers[i].why))
			print_error("%s: %s\n", bad_servers[i].text, why.p);
		assert_non_null(strstr(why.p, bad_servers[i].why));
		buf_free(&why);
	}
}

static void networks(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: good */
		size_t n;
	} v[] = {{"203.0.113.0/24, 2001:db8::1", NULL, 2},
		 {"", NULL, 0},
		 {"example.com", "is not an address like", 0},
		 {"0.0.0.0/0", "is too wide: anybody could call as this trunk", 0},
		 {"::/0", "is too wide", 0},
		 {"1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5,6.6.6.6,7.7.7.7,8.8.8.8,9.9.9.9", "8 addresses", 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct sa_net net[8];
		struct buf why;
		size_t n;
		int err;

		buf_init(&why);
		err = ptrunk_networks(slice_str(v[i].text), net, 8, &n, &why);
		buf_char(&why, '\0');
		assert_int_equal(!!err, v[i].why != NULL);
		if (v[i].why)
			assert_non_null(strstr(why.p, v[i].why));
		else
			assert_int_equal(n, v[i].n);
		buf_free(&why);
	}
}

/* ------------------------------------------------------------------ rows */

static int put(struct fixture *f, enum change_op op, const char *key, json_t *obj)
{
	struct change_item it = {op, &pbx_trunk_resource, key, obj};

	f->err = -1;
	f->why[0] = '\0';
	pbx_change(f->pbx, &it, 1, "test", NULL, changed, f);
	vnet_run(f->net, 50);
	json_decref(obj);
	return f->err;
}

static void add_isp(struct fixture *f)
{
	assert_int_equal(put(f, CHANGE_CREATE, "isp",
			     json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:s}", "name", "isp", "server",
				       "sip.example", "user", "acct", "password", "secret", "channels", 3,
				       "channels_out", 2, "caller_id", "+4930123", "country", "DE")),
			 0);
}

static const struct {
	const char *name, *member, *value, *why;
} refused[] = {
	{"9lives", "server", "a.example", "begins with a small letter"},
	{"isp", "server", "", "A trunk that registers needs a server"},
	{"isp", "user", "", "A trunk that registers needs the account's name"},
	{"isp", "user", "a b", "\"user\" may not contain blanks"},
	{"isp", "from_user", "x@y", "\"from_user\" may not contain"},
	{"isp", "domain", "a b", "is not a domain"},
	{"isp", "domain", "a.example:5060", "is not a domain"},
	{"isp", "codecs", "PCMA PCMU", "Write commas between codecs"},
	{"isp", "codecs", "PCMA,G7222", "\"G7222\" is not a codec known here. Known are L16, OPUS, "},
	{"isp", "srtp", "always", "best_effort"},
	{"isp", "dtmf", "pulse", "rfc4733"},
	{"isp", "country", "D", "two letters"},
	{"isp", "addresses", "nonsense", "is not an address"},
};

static void refused_in_sentences(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		json_t *o = json_pack("{s:s, s:s, s:s}", "name", refused[i].name, "server", "sip.example", "user",
				      "acct");

		(void)json_object_set_new(o, refused[i].member, json_string(refused[i].value));
		assert_int_not_equal(put(f, CHANGE_CREATE, refused[i].name, o), 0);
		if (!strstr(f->why, refused[i].why))
			print_error("%s=%s: %s\n", refused[i].member, refused[i].value, f->why);
		assert_non_null(strstr(f->why, refused[i].why));
		assert_null(ptrunk_find(f->pbx, slice_str(refused[i].name)));
	}
	/* a change is looked at with all that the row has already */
	add_isp(f);
	assert_int_not_equal(put(f, CHANGE_UPDATE, "isp", json_pack("{s:s}", "server", "")), 0);
	assert_int_equal(put(f, CHANGE_UPDATE, "isp", json_pack("{s:s, s:b}", "server", "", "register", 0)), 0);
}

static void kept_over_a_restart(void **state)
{
	struct fixture *f = *state;
	struct ptrunk *t;

	add_isp(f);
	assert_int_equal(put(f, CHANGE_UPDATE, "isp", json_pack("{s:b}", "reaches_outside", 1)), 0);
	fixture_stop(f);
	fixture_start(f);
	t = ptrunk_find(f->pbx, SLICE("isp"));
	assert_non_null(t);
	assert_int_equal(t->max, 3);
	assert_int_equal(t->max_out, 2);
	assert_string_equal(t->caller_id, "+4930123");
	assert_string_equal(t->country, "DE");
	assert_true(t->enabled && t->proven && t->reaches_outside);
	assert_true(t->sealed && *t->sealed && !strstr(t->sealed, "secret"));
	/* what cannot prove itself does not reach outside, whatever is set */
	assert_int_equal(put(f, CHANGE_UPDATE, "isp", json_pack("{s:b}", "register", 0)), 0);
	assert_false(t->proven || t->reaches_outside);
	assert_int_equal(put(f, CHANGE_UPDATE, "isp", json_pack("{s:s}", "password_in", "long-enough-1")), 0);
	assert_true(t->proven && t->reaches_outside);
	assert_int_equal(put(f, CHANGE_UPDATE, "isp", json_pack("{s:n}", "password_in")), 0);
	assert_false(t->proven);
	assert_int_equal(put(f, CHANGE_DELETE, "isp", NULL), 0);
	assert_null(ptrunk_find(f->pbx, SLICE("isp")));
}

static void add_name(struct ptrunk *t, void *arg)
{
	strcat(arg, t->name);
	strcat(arg, " ");
}

static void in_order_of_names(void **state)
{
	static const char *const names[] = {"m", "z", "a", "k"};
	struct fixture *f = *state;
	char all[40] = "";

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(
			put(f, CHANGE_CREATE, names[i],
			    json_pack("{s:s, s:b, s:s}", "name", names[i], "register", 0, "server", "10.9.9.9")),
			0);
	ptrunk_each(f->pbx, add_name, all);
	assert_string_equal(all, "a k m z ");
}

/* ------------------------------------------------------------------ lines and channels: a driver made up here */

static enum trunk_state line_state = TRUNK_UP;
static unsigned opened, changes;
static char password[40];

static int line_open(struct trunk *t, const struct trunk_cfg *cfg, void *arg)
{
	(void)t;
	(void)arg;
	opened++;
	(void)slice_copy(password, sizeof(password), cfg->password);
	return 0;
}
static int line_set(struct trunk *t, const struct trunk_cfg *cfg)
{
	(void)t;
	changes++;
	(void)slice_copy(password, sizeof(password), cfg->password);
	return 0;
}
static void line_close(struct trunk *t)
{
	(void)t;
}
static void line_status(const struct trunk *t, struct trunk_status *st)
{
	(void)t;
	st->state = line_state;
	strcpy(st->words, line_state == TRUNK_DOWN ? "10.9.9.9 (udp) does not answer" : "well");
}
static const struct trunk_driver driver = {
	.proto = "test", .open = line_open, .set = line_set, .close = line_close, .status = line_status};

static void channels(void **state)
{
	struct fixture *f = *state;
	struct calls_cfg cc = {.loop = f->loop};
	struct calls *cs;
	struct ptrunk *t;

	opened = changes = 0;
	line_state = TRUNK_UP;
	assert_int_equal(calls_alloc(&cs, &cc, pbx_call_ops(), f->pbx), 0);
	calls_set_trunk_driver(cs, &driver, NULL);
	add_isp(f);
	t = ptrunk_find(f->pbx, SLICE("isp"));
	assert_string_equal(ptrunk_blocked(t, true), "the trunk is not open");
	pbx_set_calls(f->pbx, cs);
	pbx_lines(f->pbx, true);
	assert_int_equal(opened, 1);
	assert_string_equal(password, "secret");
	assert_null(ptrunk_blocked(t, true));
	ptrunk_take(t, true, false);
	ptrunk_take(t, true, true);
	assert_int_equal(t->emergency_out, 1);
	assert_string_equal(ptrunk_blocked(t, true), "all 2 outgoing channels are in use");
	assert_null(ptrunk_blocked(t, false));
	ptrunk_take(t, false, false);
	assert_string_equal(ptrunk_blocked(t, false), "all 3 channels are in use");
	ptrunk_give(t, true, true);
	ptrunk_give(t, true, false);
	ptrunk_give(t, false, false);
	assert_int_equal(t->in + t->out + t->emergency_out, 0);
	/* once too often harms nothing */
	ptrunk_give(t, false, false);
	assert_int_equal(t->in, 0);
	/* a limit of calls that come in does not touch those that go out */
	assert_int_equal(put(f, CHANGE_UPDATE, "isp", json_pack("{s:i}", "channels_in", 1)), 0);
	changes = 0;
	ptrunk_take(t, false, false);
	assert_string_equal(ptrunk_blocked(t, false), "its only incoming channel is in use");
	assert_null(ptrunk_blocked(t, true));
	ptrunk_give(t, false, false);
	assert_null(ptrunk_blocked(t, false));
	line_state = TRUNK_DOWN;
	assert_string_equal(ptrunk_blocked(t, true), "the trunk is down: 10.9.9.9 (udp) does not answer");
	assert_null(ptrunk_blocked(t, false));
	/* a new password reaches the line, not the memory of the table */
	assert_int_equal(put(f, CHANGE_UPDATE, "isp", json_pack("{s:s}", "password", "other")), 0);
	assert_int_equal(changes, 1);
	assert_string_equal(password, "other");
	assert_null(json_object_get(t->row, "password"));
	assert_int_equal(put(f, CHANGE_UPDATE, "isp", json_pack("{s:b}", "enabled", 0)), 0);
	assert_string_equal(ptrunk_blocked(t, true), "the trunk is switched off");
	assert_null(t->line);
	pbx_lines(f->pbx, false);
	pbx_set_calls(f->pbx, NULL);
	mem_deref(cs);
}

/* ------------------------------------------------------------------ views */

static void views(void **state)
{
	struct fixture *f = *state;
	json_t *o, *v;

	add_isp(f);
	v = pbx_json_trunks(f->pbx);
	assert_int_equal(json_array_size(v), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(v, 0), "state")), "off");
	json_decref(v);
	assert_null(pbx_json_trunk(f->pbx, SLICE("nobody")));
	o = pbx_json_status(f->pbx);
	assert_int_equal(json_array_size(json_object_get(o, "trunks")), 1);
	json_decref(o);
	assert_int_equal(pbx_trunk_test(f->pbx, SLICE("nobody")), ENOENT);
	assert_int_equal(pbx_trunk_test(f->pbx, SLICE("isp")), ERR_STATE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_read),
		cmocka_unit_test(servers_refused),
		cmocka_unit_test(networks),
		T(refused_in_sentences),
		T(kept_over_a_restart),
		T(in_order_of_names),
		T(channels),
		T(views),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
