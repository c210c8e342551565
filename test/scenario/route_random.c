/*
 * route_random.c - ten thousand random configurations, a random call in each while others go on: what `route explain`
 * says at that moment is where the call goes. Trunks, their order, the number sent, the caller shown, the code of a
 * refusal. The seed makes a run repeatable: SCENARIO_SEED=n SCENARIO_STEPS=n (calls).
 */
#include "peer.h"
#include "pbx/plan.h"
#include "pbx/security.h"
#include "pbx/trunk.h"

enum { CALLS = 10000, PER_CONFIG = 1, TRUNKS = 3, EXTS = 6, ITEMS = 40 };

/* What the lines saw of the present call, in order. */
struct seen {
	int trunk; /* -1: a phone */
	struct arrival a;
};
struct run {
	struct scene *s;
	struct peer phones, t[TRUNKS];
	struct seen seen[32];
	size_t nseen;
	struct change_item item[ITEMS];
	size_t nitem;
	char key[ITEMS][24];
	char last[ITEMS][24]; /* rows to be removed */
	const struct resource *last_r[ITEMS];
	size_t nlast;
	unsigned serial, kinds[8], attempts, failovers, preempted;
	int err;
	char why[300];
	/* the present call, and what explain says of it */
	const char *from, *to, *trunk;
	json_t *o;
	struct call_ops ops;
};
static struct run *run;

static void seen_h(struct peer *p, const struct arrival *a, void *arg)
{
	struct run *r = arg;

	if (r->nseen == ARRAY_LEN(r->seen))
		return;
	r->seen[r->nseen] = (struct seen){.trunk = p == &r->phones ? -1 : (int)(p - r->t), .a = *a};
	r->nseen++;
}

/* ------------------------------------------------------------------ a configuration */

static const char *one_of(const char *const *v, size_t n)
{
	return v[rand_below((uint32_t)n)];
}
#define PICK(...) one_of((const char *const[]){__VA_ARGS__}, ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

static void item(struct run *r, enum change_op op, const struct resource *res, const char *key, json_t *obj)
{
	struct change_item *it = &r->item[r->nitem];

	assert_true(r->nitem < ITEMS);
	snprintf(r->key[r->nitem], sizeof(r->key[0]), "%s", key);
	*it = (struct change_item){op, res, r->key[r->nitem], obj};
	if (op == CHANGE_CREATE) {
		(void)json_object_set_new(obj, resource_key(res)->name, json_string(key));
		snprintf(r->last[r->nlast], sizeof(r->last[0]), "%s", key);
		r->last_r[r->nlast++] = res;
	}
	r->nitem++;
}

static const char *trunk_list(void)
{
	return PICK("t0", "t1", "t2", "t0 t1", "t1 t0", "t2 t0 t1", "t0 t1 t2", "t1 t2");
}

static void make_out(struct run *r)
{
	char key[24];
	json_t *o;

	snprintf(key, sizeof(key), "o%u", r->serial++);
	o = json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:i}", "order", (int)rand_below(5), "trunks", trunk_list(), "pattern",
		PICK(".", ".", ". +", "0 +", "9|.", "00", "0[1-9]X.", "~^0(\\d+)$", "+49 +1", "NXX. 1XX.", "0|. 9|0."),
		"send", PICK("dialled", "dialled", "e164", "digits", "national"), "extensions",
		PICK("", "", "", "10[0-2]", "103 104"), "tries", 1 + (int)rand_below(4));
	if (rand_below(4) == 0)
		(void)json_object_set_new(o, "strip", json_integer(rand_below(3)));
	if (rand_below(6) == 0)
		(void)json_object_set_new(o, "prepend", json_string(PICK("0", "01033", "00", "99")));
	if (rand_below(6) == 0)
		(void)json_object_set_new(o, "hours",
					  json_string(PICK("mon-fri 08:00-18:00", "sat-sun", "22:00-06:00")));
	if (rand_below(8) == 0)
		(void)json_object_set_new(o, "pin", json_string("4711"));
	if (rand_below(6) == 0)
		(void)json_object_set_new(o, "caller_id", json_string(PICK("+4930777", "030888")));
	if (rand_below(10) == 0)
		(void)json_object_set_new(o, "enabled", json_false());
	item(r, CHANGE_CREATE, &pbx_route_out_resource, key, o);
}

static void make_in(struct run *r)
{
	char key[24];

	snprintf(key, sizeof(key), "i%u", r->serial++);
	item(r, CHANGE_CREATE, &pbx_route_in_resource, key,
	     json_pack("{s:i, s:s, s:s, s:s, s:s, s:s}", "order", (int)rand_below(3), "target",
		       PICK("101", "102", "refuse", "refuse 486", "dialled", "104", "*43", "199"), "numbers",
		       PICK("", "+49", "030 10", "~5$"), "callers", PICK("", "", "anonymous", "+44", "0"), "trunks",
		       PICK("", "t1", "t2 t1"), "hours", PICK("", "", "mon-fri 08:00-18:00")));
}

static void make_dids(struct run *r)
{
	static const char *const numbers[] = {"+49301005", "030 2005", "+12125551234", "0049303000"};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (rand_below(2))
			item(r, CHANGE_CREATE, &pbx_did_resource, numbers[i],
			     json_pack("{s:s, s:s, s:s}", "target", PICK("100", "101", "105", "refuse 404", "*43"),
				       "trunks", PICK("", "", "t1"), "name_prefix", PICK("", "Sales:")));
}

static void make_trunks(struct run *r)
{
	for (int i = 0; i < TRUNKS; i++) {
		char key[16];

		snprintf(key, sizeof(key), "t%d", i);
		item(r, CHANGE_UPDATE, &pbx_trunk_resource, key,
		     json_pack("{s:i, s:i, s:b, s:s, s:s}", "channels", 1 + (int)rand_below(3), "channels_out",
			       (int)rand_below(4), "enabled", rand_below(16) != 0, "caller_id",
			       PICK("", "+49301005", "+4930777"), "country", PICK("", "", "CH", "US")));
	}
}

static void make_rest(struct run *r)
{
	for (unsigned i = 0; i < 2; i++) {
		char key[16];

		snprintf(key, sizeof(key), "%u", 100 + rand_below(EXTS));
		if (i && !strcmp(key, r->key[r->nitem - 1]))
			continue;
		item(r, CHANGE_UPDATE, &pbx_extension_resource, key,
		     json_pack("{s:s, s:b, s:b, s:s, s:i, s:i, s:b}", "outside_number",
			       PICK("", "+49301005", "030 2005", "+4940"), "hide_number", rand_below(4) == 0, "locked",
			       rand_below(12) == 0, "open", PICK("", "FR", "international premium", "satellite"),
			       "outside_calls", (int)rand_below(4), "call_limit", 1 + (int)rand_below(4), "enabled",
			       rand_below(12) != 0));
	}
	item(r, CHANGE_UPDATE, &pbx_brakes_resource, "main",
	     json_pack("{s:b, s:s, s:b, s:b, s:i, s:i, s:i, s:i}", "international", rand_below(2) == 0, "countries",
		       PICK("", "FR AT", "+1"), "premium", rand_below(3) == 0, "satellite", rand_below(3) == 0, "calls",
		       (int)rand_below(3) * 2, "per_minute", (int)rand_below(3) * 8, "trunk_per_minute",
		       (int)rand_below(3) * 10, "minutes_per_day", (int)rand_below(2) * 20));
	item(r, CHANGE_UPDATE, &pbx_numbering_resource, "main",
	     json_pack("{s:s, s:s, s:s, s:s}", "country", PICK("DE", "DE", "US", "GB", "ES", "IT"), "area_code",
		       PICK("30", "212", ""), "emergency_trunks", PICK("", "", "t1 t2"), "emergency_numbers",
		       PICK("", "112", "19222")));
}

static void changed(int err, const char *why, json_t *row_now, int64_t id, void *arg)
{
	struct run *r = arg;

	(void)row_now;
	(void)id;
	r->err = err;
	snprintf(r->why, sizeof(r->why), "%s", why ? why : "");
}

static void configure(struct run *r)
{
	size_t gone = r->nlast;

	r->nitem = 0;
	for (size_t i = 0; i < gone; i++)
		item(r, CHANGE_DELETE, r->last_r[i], r->last[i], NULL);
	r->nlast = 0;
	for (uint32_t i = 2 + rand_below(4); i; i--)
		make_out(r);
	for (uint32_t i = rand_below(3); i; i--)
		make_in(r);
	make_dids(r);
	make_trunks(r);
	make_rest(r);
	r->err = -1;
	pbx_change(r->s->pbx, r->item, r->nitem, "test", NULL, changed, r);
	for (int i = 0; i < 200 && r->err == -1; i++)
		vnet_run(r->s->net, 5);
	if (r->err)
		fail_msg("%s: %s", err_str(r->err), r->why);
	for (size_t i = 0; i < r->nitem; i++)
		json_decref(r->item[i].obj);
}

/* ------------------------------------------------------------------ one call */

static const char *text(const json_t *o, const char *name)
{
	const char *v = json_string_value(json_object_get(o, name));

	return v ? v : "";
}

static json_t *explain(struct run *r, const char *from, const char *to, const char *trunk)
{
	const struct pbx_explain x = {.from = from, .to = to, .trunk = trunk};
	json_t *o = pbx_json_explain(r->s->pbx, &x);

	assert_non_null(o);
	return o;
}

/* The very moment before the call finds its way: a millisecond later a minute may be over. */
static void incoming(struct call *c, struct leg *from, const char *dialled, void *arg)
{
	json_decref(run->o);
	run->o = explain(run, run->from, run->to, run->trunk);
	pbx_call_ops()->incoming(c, from, dialled, arg);
}

static void disagree(struct run *r, json_t *o, const struct peer_call *c, const char *what)
{
	char *t = json_dumps(o, JSON_INDENT(1));

	print_message("%s\nthe caller got %u; seen:", t, c->code);
	for (size_t i = 0; i < r->nseen; i++)
		print_message(" %d:%s from %s (answers %u)", r->seen[i].trunk, r->seen[i].a.to, r->seen[i].a.from,
			      r->seen[i].trunk < 0 ? r->phones.answer : r->t[r->seen[i].trunk].answer);
	free(t);
	fail_msg("\n%s", what);
}

static bool goes_on(bool emergency, unsigned code)
{
	return emergency ? code < 600 && code != 200 : code >= 500 && code < 600;
}

/* The lines in order, with what each got; the last one's answer is the caller's. */
static void check_lines(struct run *r, json_t *o, const json_t *d, const struct peer_call *c, bool emergency)
{
	const json_t *v = json_object_get(d, "attempts");
	size_t n = json_array_size(v), i;
	unsigned last = 0;

	for (i = 0; i < n; i++) {
		const json_t *a = json_array_get(v, i);
		int trunk = text(a, "trunk")[1] - '0';
		const char *id = text(a, "caller_id");
		bool hidden = json_is_true(json_object_get(a, "hidden"));

		if (i >= r->nseen || r->seen[i].trunk != trunk)
			disagree(r, o, c, "another line, or none");
		if (strcmp(r->seen[i].a.to, text(a, "number")))
			disagree(r, o, c, "another number");
		if (strcmp(r->seen[i].a.from, hidden ? "anonymous" : *id ? id : "acct"))
			disagree(r, o, c, "another caller");
		r->preempted += json_is_true(json_object_get(a, "preempts"));
		r->attempts++;
		last = r->t[trunk].answer;
		if (!goes_on(emergency, last))
			break;
		r->failovers += i + 1 < n;
	}
	if (r->nseen != (i < n ? i + 1 : n))
		disagree(r, o, c, "too many lines");
	if (c->code != last && !(last >= 500 && last < 600 && c->code >= 500 && c->code < 600))
		disagree(r, o, c, "another answer");
}

static void check(struct run *r, json_t *o, const struct peer_call *c)
{
	const json_t *d = json_object_get(o, "decision");
	const char *kind = text(d, "kind");

	if (!strcmp(kind, "refuse")) {
		r->kinds[0]++;
		if (r->nseen || c->code != (unsigned)json_integer_value(json_object_get(d, "code")))
			disagree(r, o, c, "not refused so");
	} else if (!strcmp(kind, "extension")) {
		r->kinds[1]++;
		/* it is busy, by its phone or its limit */
		if (r->nseen > 1 || c->code != 486 ||
		    (r->nseen && (r->seen[0].trunk >= 0 || strcmp(r->seen[0].a.to, text(d, "target")))))
			disagree(r, o, c, "not to that extension");
	} else if (!strcmp(kind, "outside") || !strcmp(kind, "emergency")) {
		r->kinds[*kind == 'o' ? 2 : 3]++;
		check_lines(r, o, d, c, *kind == 'e');
	} else {
		r->kinds[4]++;
		if (r->nseen || c->code != 200)
			disagree(r, o, c, "not to that feature");
	}
}

static const char *any_number(void)
{
	if (rand_below(2))
		return PICK("0301234567", "0401234567", "9030123456", "+49301234567", "112", "2125551234", "912345678",
			    "0033123456789");
	return PICK("100", "101", "103", "105", "199", "*43", "933", "112", "110", "911", "999", "9112", "0112",
		    "0301234567", "0301234567*4711", "0301234567*1", "030-1234567", "004433", "00441234567890",
		    "0033123456789", "+33123456789", "+49301234567", "09001234567", "00881612345678", "+870123456789",
		    "9030123456", "90033123456789", "12125551234", "2125551234", "011493012345", "5551234", "19222",
		    "116117", "0900", "0018765551234", "912345678", "061234567", "+49301005", "anna", "9", "00");
}

static const char *any_did(void)
{
	return PICK("+49301005", "0049301005", "49301005", "0301005", "+49302005", "0302005", "+12125551234",
		    "2125551234", "+4930999", "101", "112", "0301234567", "*43");
}

static void one_call(struct run *r)
{
	static const unsigned answers[] = {200, 200, 200, 486, 404, 503, 500, 603};
	bool in = rand_below(4) == 0;
	int trunk = 1 + (int)rand_below(2);
	char from[16], name[16];
	const char *to = in ? any_did() : any_number();
	struct peer *p = in ? &r->t[trunk] : &r->phones;
	struct peer_call *c = NULL;

	for (int i = 0; i < TRUNKS; i++)
		r->t[i].answer = answers[rand_below(ARRAY_LEN(answers))];
	snprintf(name, sizeof(name), "t%d", trunk);
	if (in)
		snprintf(from, sizeof(from), "%s", PICK("+4940111", "00441234", "anonymous", "0301", "100"));
	else
		snprintf(from, sizeof(from), "%u", 100 + rand_below(EXTS));
	r->nseen = 0;
	r->from = from;
	r->to = to;
	r->trunk = in ? name : NULL;
	r->o = explain(r, from, to, r->trunk);
	/* a line that is switched off does not exist: its peer would be a stranger */
	if (!in || !strstr(text(json_object_get(r->o, "decision"), "words"), "switched off")) {
		c = peer_invite(p, from, to, 20000);
		check(r, r->o, c);
	}
	json_decref(r->o);
	r->o = NULL;
	if (!c)
		return;
	if (c->code != 200 || rand_below(3) == 0)
		peer_bye(p, c);
}

static void hang_up(struct run *r, struct peer *p, uint32_t one_in)
{
	(void)r;
	for (size_t i = 0; i < PEER_CALLS; i++)
		if (p->call[i].used && !p->call[i].ended && rand_below(one_in) == 0)
			peer_bye(p, &p->call[i]);
}

static void pause_between(struct run *r)
{
	uint32_t what = rand_below(40);

	r->phones.n = 0;
	for (int i = 0; i < TRUNKS; i++)
		r->t[i].n = 0;
	vnet_run(r->s->net, 20);
	if (what == 0)
		vnet_run(r->s->net, 3 * 3600000ULL / (1 + rand_below(20)));
	else if (what < 8)
		vnet_run(r->s->net, rand_below(60000));
	if (what < 20) {
		hang_up(r, &r->phones, 3);
		hang_up(r, &r->t[1], 3);
		hang_up(r, &r->t[2], 3);
	}
}

static void open_all(struct run *r, struct scene *s)
{
	static const char *const ip[TRUNKS] = {"10.0.0.50", "10.0.0.51", "10.0.0.52"};

	r->s = s;
	run = r;
	r->ops = *pbx_call_ops();
	r->ops.incoming = incoming;
	s->call_ops = &r->ops;
	s->no_auth = true;
	s->dead_s = 1000000; /* nobody sends sound here */
	server_stop(s, true);
	server_start(s);
	row(s, &pbx_allowed_resource, "10.0.0.0/24", "{}");
	extension_add(s, "103");
	extension_add(s, "104");
	extension_add(s, "105");
	row(s, &pbx_numbering_resource, "main", "{'country':'DE','area_code':'30'}");
	peer_open(s, &r->phones, "10.0.0.11");
	r->phones.answer = 486;
	for (int i = 0; i < TRUNKS; i++) {
		char name[16];

		peer_open(s, &r->t[i], ip[i]);
		snprintf(name, sizeof(name), "t%d", i);
		row(s, &pbx_trunk_resource, name, "{'server':'%s','register':false,'check_seconds':0,'user':'acct'}",
		    ip[i]);
		r->t[i].on_invite = seen_h;
		r->t[i].arg = r;
	}
	r->phones.on_invite = seen_h;
	r->phones.arg = r;
}

static void register_all(struct run *r)
{
	for (unsigned i = 0; i < EXTS; i++) {
		char ext[8];

		snprintf(ext, sizeof(ext), "%u", 100 + i);
		peer_register(&r->phones, ext);
	}
}

void explain_agrees_with_live_routing(void **state)
{
	const char *seed = getenv("SCENARIO_SEED"), *steps = getenv("SCENARIO_STEPS");
	unsigned n = steps ? (unsigned)atoi(steps) : CALLS;
	struct run *r = calloc(1, sizeof(*r));

	open_all(r, *state);
	rand_seed(seed ? (uint64_t)atoll(seed) : 11);
	for (unsigned i = 0; i < n; i++) {
		if (i % PER_CONFIG == 0) {
			configure(r);
			register_all(r);
		}
		one_call(r);
		pause_between(r);
	}
	if (getenv("SCENARIO_LOG") || getenv("SCENARIO_COUNTS"))
		print_message("refused %u, extension %u, outside %u, emergency %u, feature %u; lines %u, failovers %u, "
			      "ended for an emergency %u\n",
			      r->kinds[0], r->kinds[1], r->kinds[2], r->kinds[3], r->kinds[4], r->attempts,
			      r->failovers, r->preempted);
	/* a run that did nothing would prove nothing */
	for (size_t i = 0; i < 5 && n >= CALLS; i++)
		assert_true(r->kinds[i] > n / 100);
	assert_true(n < CALLS || (r->failovers > n / 100 && r->preempted > 20));
	hang_up(r, &r->phones, 1);
	hang_up(r, &r->t[1], 1);
	hang_up(r, &r->t[2], 1);
	vnet_run(r->s->net, 60000);
	peer_close(&r->phones);
	for (int i = 0; i < TRUNKS; i++)
		peer_close(&r->t[i]);
	server_stop((struct scene *)*state, true);
	((struct scene *)*state)->call_ops = NULL;
	server_start(*state);
	free(r);
}
