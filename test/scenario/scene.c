/*
 * scene.c - the server of a scenario, wired as the program wires it, on the virtual loop; its records; its end.
 */
#include <unistd.h>
#include "scenario.h"
#include "pbx/capture.h"

enum { ROUND_UP_S = 70 };

/* ------------------------------------------------------------------ the server */

static void open_data(struct scene *s)
{
	struct store_cfg sc = {.dir = s->dir, .loop = s->loop};
	struct buf why;

	buf_init(&why);
	sc.resource = pbx_resources(&sc.nresource);
	if (store_open(&s->store, &sc, &why))
		fail_msg("%.*s", (int)why.l, why.p);
	buf_free(&why);
	if (!store_setting(s->store, "realm"))
		assert_int_equal(store_setting_init(s->store, "realm", "offhook-test"), 0);
	struct pbx_cfg pc = {.loop = s->loop, .store = s->store, .realm = store_setting(s->store, "realm")};
	assert_int_equal(pbx_alloc(&s->pbx, &pc), 0);
	struct guard_cfg gc = {.loop = s->loop};
	assert_int_equal(guard_alloc(&s->guard, &gc), 0);
	assert_int_equal(pbx_set_guard(s->pbx, s->guard), 0);
}

static void open_listeners(struct scene *s)
{
	static const char *const ip[] = {SERVER4, SERVER6};

	for (size_t i = 0; i < ARRAY_LEN(ip); i++) {
		struct sa a;

		assert_int_equal(sa_set(&a, slice_str(ip[i]), 5060), 0);
		assert_int_equal(sip_listen(s->sip, SIP_TRANSP_UDP, &a), 0);
		assert_int_equal(sip_listen(s->sip, SIP_TRANSP_TCP, &a), 0);
		sa_set_port(&a, 5061);
		assert_int_equal(sip_listen(s->sip, SIP_TRANSP_TLS, &a), 0);
	}
}

/* Made once and kept over restarts, as the program keeps its own. */
static void open_tls(struct scene *s)
{
	struct tls_cfg cfg = {.loop = s->loop,
			      .no_system_ca = true,
			      .ca_file = s->tls_ca[0] ? s->tls_ca : NULL,
			      .client_ca_file = s->tls_ask ? s->tls_ca : NULL};
	struct cert_make m = {.cn = "pbx.example", .not_before = 1577836800, .not_after = 4070908800};
	struct buf why;

	buf_init(&why);
	m.dns[m.ndns++] = "pbx.example";
	m.addr[m.naddr++] = address(SERVER4);
	m.addr[m.naddr++] = address(SERVER6);
	if (!s->cert) {
		assert_int_equal(cert_make(&s->cert, &m), 0);
		snprintf(s->tls_dir, sizeof(s->tls_dir), "%s/tls", s->dir);
		assert_int_equal(cert_save(s->cert, s->tls_dir, &why), 0);
	}
	assert_int_equal(tls_alloc(&s->tls, &cfg, &why), 0);
	assert_int_equal(tls_set_cert(s->tls, s->cert), 0);
	buf_free(&why);
}

void scene_sounds(struct scene *s)
{
	char own[80];
	struct sounds_cfg cfg = {.loop = s->loop, .own = own};

	snprintf(own, sizeof(own), "%s/sounds", s->dir);
	if (!s->files)
		assert_int_equal(files_alloc(&s->files, s->loop), 0);
	cfg.files = s->files;
	assert_int_equal(sounds_alloc(&s->sounds, &cfg), 0);
	calls_set_sounds(s->calls, s->sounds);
	pbx_set_calls(s->pbx, s->calls);
}

void scene_record(struct scene *s)
{
	if (!s->files)
		assert_int_equal(files_alloc(&s->files, s->loop), 0);
	assert_int_equal(pbx_set_files(s->pbx, s->files), 0);
}

void server_start(struct scene *s)
{
	open_data(s);
	struct media_cfg mc = {.loop = s->loop,
			       .workers = 2,
			       .port_lo = 10000,
			       .port_hi = s->rtp_hi ? s->rtp_hi : 10999,
			       .dead_s = s->dead_s};
	assert_int_equal(pbx_capture(s->pbx, 1), 0);
	mc.trace = pbx_trace(s->pbx);
	assert_int_equal(media_alloc(&s->media, &mc), 0);
	struct calls_cfg cc = {.loop = s->loop, .media = s->media};
	assert_int_equal(calls_alloc(&s->calls, &cc, s->call_ops ? s->call_ops : pbx_call_ops(), s->pbx), 0);
	pbx_set_calls(s->pbx, s->calls);
	struct edge_cfg ec = {
		.loop = s->loop,
		.calls = s->calls,
		.realm = store_setting(s->store, "realm"),
		.location = pbx_location_ops(),
		.location_arg = s->pbx,
		.secret = pbx_secret_ops(),
		.secret_arg = s->pbx,
		.auth_invite = !s->no_auth,
		.sha256_only = s->sha256_only,
		.guard = s->guard,
		.auth_dialog = pbx_challenges,
		.auth_dialog_arg = s->pbx,
		.always = pbx_always,
		.always_arg = s->pbx,
		.overload = pbx_overload,
		.overload_arg = s->pbx,
	};
	assert_int_equal(edge_alloc(&s->edge, &ec), 0);
	open_tls(s);
	struct sip_cfg sc = {.loop = s->loop, .software = "offhook test", .guard = s->guard, .tls = s->tls};
	assert_int_equal(sip_alloc(&s->sip, &sc, edge_sip_ops(), s->edge), 0);
	sip_set_trace(s->sip, pbx_trace(s->pbx));
	edge_set_sip(s->edge, s->sip);
	open_listeners(s);
	pbx_lines(s->pbx, true);
}

static void drained(void *arg)
{
	*(bool *)arg = true;
}

static bool is_true(void *arg)
{
	return *(bool *)arg;
}

void server_stop(struct scene *s, bool polite)
{
	bool done = false;

	pbx_lines(s->pbx, false);
	if (polite) {
		calls_drain(s->calls, 2000, drained, &done);
		assert_true(vnet_run_until(s->net, is_true, &done, 5000));
	}
	loop_drain(s->loop);
	s->sip = mem_deref(s->sip);
	s->tls = mem_deref(s->tls);
	s->edge = mem_deref(s->edge);
	pbx_set_calls(s->pbx, NULL);
	s->calls = mem_deref(s->calls);
	s->media = mem_deref(s->media);
	loop_drain(s->loop);
	s->sounds = mem_deref(s->sounds);
	assert_int_equal(pbx_set_files(s->pbx, NULL), 0);
	s->files = mem_deref(s->files);
	loop_drain(s->loop);
	s->pbx = mem_deref(s->pbx);
	store_close(s->store);
	s->store = NULL;
	s->guard = mem_deref(s->guard);
	loop_drain(s->loop);
}

/* ------------------------------------------------------------------ configuration */

static void changed(int err, const char *why, json_t *row, int64_t id, void *arg)
{
	struct scene *s = arg;

	(void)row;
	(void)id;
	s->change_err = err;
	if (err)
		print_message("%s\n", why ? why : "");
}

int scene_change(struct scene *s, enum change_op op, const struct resource *r, const char *key, json_t *obj)
{
	struct change_item it = {op, r, key, obj};

	s->change_err = -1;
	pbx_change(s->pbx, &it, 1, "test", NULL, changed, s);
	vnet_run(s->net, 50);
	json_decref(obj);
	return s->change_err;
}

static void change(struct scene *s, enum change_op op, const char *number, json_t *obj)
{
	assert_int_equal(scene_change(s, op, &pbx_extension_resource, number, obj), 0);
}

void extension_set(struct scene *s, const char *number, json_t *obj)
{
	change(s, obj ? CHANGE_UPDATE : CHANGE_DELETE, number, obj);
}

void extension_add(struct scene *s, const char *number)
{
	char name[32];

	snprintf(name, sizeof(name), "Phone %s", number);
	change(s, CHANGE_CREATE, number,
	       json_pack("{s:s, s:s, s:s}", "number", number, "name", name, "password", PASSWORD));
}

/* ------------------------------------------------------------------ records */

static void listed(int err, const char *why, json_t *res, void *arg)
{
	struct scene *s = arg;

	(void)why;
	assert_int_equal(err, 0);
	json_decref(s->cdrs);
	s->cdrs = json_incref(json_object_get(res, "items"));
}

static void list(struct scene *s)
{
	struct cdr_filter f = {0};

	json_decref(s->cdrs);
	s->cdrs = NULL;
	store_cdr_list(s->store, &f, listed, s);
	vnet_run(s->net, 10);
	assert_non_null(s->cdrs);
}

size_t scene_cdr_count(struct scene *s)
{
	list(s);
	return json_array_size(s->cdrs);
}

json_t *scene_cdr(struct scene *s, size_t i)
{
	list(s);
	json_t *o = json_array_get(s->cdrs, i);
	assert_non_null(o);
	return o;
}

void assert_cdr(struct scene *s, size_t i, const char *member, const char *want)
{
	const char *have = json_string_value(json_object_get(scene_cdr(s, i), member));

	if (!have || strcmp(have, want))
		fail_msg("record %zu: %s is \"%s\", not \"%s\"", i, member, have ? have : "(null)", want);
}

json_int_t cdr_int(struct scene *s, size_t i, const char *member)
{
	json_t *v = json_object_get(scene_cdr(s, i), member);

	if (!json_is_integer(v))
		fail_msg("record %zu has no number %s", i, member);
	return json_integer_value(v);
}

json_t *cdr_leg(struct scene *s, size_t i, size_t leg)
{
	json_t *o = json_array_get(json_object_get(scene_cdr(s, i), "legs"), leg);

	assert_non_null(o);
	return o;
}

/* ------------------------------------------------------------------ one scenario */

void scene_run(struct scene *s, uint64_t ms)
{
	vnet_run(s->net, ms);
}

static void check_phone(const struct agent *a)
{
	struct media_stats m;
	struct sip_stats st;

	if (!a->ua)
		return;
	sip_stats(a->ua->sip, &st);
	media_stats(a->ua->media, &m);
	assert_int_equal(a->ua->calls.n, 0);
	assert_int_equal(st.dialogs, 0);
	assert_int_equal(m.streams, 0);
}

void scene_check_idle(struct scene *s)
{
	struct media_stats m;
	struct sip_stats st;

	vnet_run(s->net, ROUND_UP_S * 1000);
	assert_int_equal(store_flush(s->store, 1000), 0);
	sip_stats(s->sip, &st);
	media_stats(s->media, &m);
	assert_int_equal(calls_count(s->calls), 0);
	assert_int_equal(calls_ending(s->calls), 0);
	assert_int_equal(st.dialogs, 0);
	assert_int_equal(st.client_trans, 0);
	assert_int_equal(m.streams, 0);
	assert_int_equal(m.ports_resting, 0);
	check_phone(&s->a);
	check_phone(&s->b);
	check_phone(&s->c);
	check_phone(&s->d);
}

static void quiet(enum log_level lvl, const char *line, void *arg)
{
	(void)arg;
	if (getenv("SCENARIO_LOG") || lvl == LOG_ERROR)
		print_message("%s\n", line);
}

int scene_open(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	agents_transport = OH_UDP;
	log_set_handler(quiet, NULL);
	if (getenv("SCENARIO_LOG"))
		log_set_level(LOG_DEBUG);
	rand_seed(7);
	s->live = mem_live();
	strcpy(s->dir, "/tmp/offhook-scenario-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	assert_int_equal(vnet_alloc(&s->net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&s->loop, s->net), 0);
	server_start(s);
	extension_add(s, "100");
	extension_add(s, "101");
	extension_add(s, "102");
	s->a.s = s->b.s = s->c.s = s->d.s = s;
	*state = s;
	return 0;
}

int scene_close(void **state)
{
	struct scene *s = *state;
	char cmd[128];

	weather(s, 0, 0, 0, 0);
	tape_stop(s);
	lose(s, NULL, 0, 0);
	agent_close(&s->a);
	agent_close(&s->b);
	agent_close(&s->c);
	agent_close(&s->d);
	if (s->sip) {
		scene_check_idle(s);
		server_stop(s, true);
	}
	s->cert = mem_deref(s->cert);
	json_decref(s->cdrs);
	vnet_set_filter(s->net, NULL, NULL);
	vnet_run(s->net, 100);
	mem_deref(s->loop);
	mem_deref(s->net);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", s->dir);
	assert_int_equal(system(cmd), 0);
	if (mem_live() != s->live)
		mem_leaks();
	assert_int_equal(mem_live(), s->live);
	rand_seed(0);
	free(s);
	return 0;
}
