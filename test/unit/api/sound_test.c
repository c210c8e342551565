/*
 * sound_test.c - the sound of recordings: which file an answer names, and that no row of any kind leads out of the
 * folder of recordings.
 */
#include "fix.h"

static void put(struct fix *f, const char *id, const char *state, const char *from, const char *file, size_t l)
{
	const struct recording_row w = {.id = slice_str(id),
					.call_id = SLICE("call1"),
					.start_ms = 1000,
					.state = slice_str(state),
					.file = slice_mem(file, l),
					.from = slice_str(from),
					.to = SLICE("101")};

	store_recording(f->store, &w);
}

/* What a request is answered, and the file that the answer names. */
struct heard {
	struct fix *f;
	char file[512];
};

static void keep(const struct api_answer *a, void *arg)
{
	struct heard *h = arg;

	snprintf(h->file, sizeof(h->file), "%s", a->file ? a->file : "");
	fix_reply(a, h->f);
}

static unsigned hear(struct fix *f, const struct principal *who, const char *url, char file[512])
{
	struct slice q = slice_str(url), path = slice_cut(&q, '?');
	struct principal control;
	struct heard h = {.f = f};
	struct api_request rq = {
		.method = SLICE("GET"), .path = path, .query = q, .who = who ? who : &control, .author = "tester"};

	principal_control(&control);
	f->answered = false;
	api_handle(f->api, &rq, keep, &h);
	assert_true(vnet_run_until(f->net, fix_answered, f, 60000));
	snprintf(file, 512, "%s", h.file);
	return f->status;
}

static void test_file(void **state)
{
	static const char wav[] = "recordings/2026/11/22/call1-100-101.wav", opus[] = "recordings/800-x.opus";
	struct fix *f = *state;
	char file[512], want[512];

	put(f, "one", "complete", "100", wav, strlen(wav));
	put(f, "two", "interrupted", "100", opus, strlen(opus));
	put(f, "now", "recording", "100", wav, strlen(wav));
	assert_int_equal(hear(f, NULL, "/api/v1/recordings/one/sound", file), 200);
	snprintf(want, sizeof(want), "%s/%s", f->dir, wav);
	assert_string_equal(file, want);
	assert_string_equal(f->ctype, "audio/wav");
	assert_string_equal(f->head.header[0].value, "inline; filename=\"call1-100-101.wav\"");
	assert_int_equal(hear(f, NULL, "/api/v1/recordings/two/sound?download=1", file), 200);
	assert_string_equal(f->ctype, "audio/ogg");
	assert_string_equal(f->head.header[0].value, "attachment; filename=\"800-x.opus\"");
	assert_int_equal(hear(f, NULL, "/api/v1/recordings/now/sound", file), 409);
	assert_string_equal(file, "");
	/* a call's id stands for no single file */
	assert_int_equal(hear(f, NULL, "/api/v1/recordings/call1/sound", file), 404);
	assert_int_equal(hear(f, NULL, "/api/v1/recordings/one/sound?format=csv", file), 400);
}

static void test_paths(void **state)
{
	static const char *const bad[] = {"/etc/shadow.wav",
					  "../../etc/passwd.wav",
					  "recordings/../offhook.db",
					  "recordings/../key.wav",
					  "recordings/2026/../../key.wav",
					  "recordings/./one.wav",
					  "recordings//one.wav",
					  "recordings/.hidden.wav",
					  "recordings/one.txt",
					  "recordings/.wav",
					  "recordings/wav",
					  "recordings/",
					  "recordings",
					  "recordingsx/one.wav",
					  "sounds/one.wav",
					  "offhook.db"};
	struct fix *f = *state;
	char file[512], id[16], url[64], longer[900];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(id, sizeof(id), "bad%zu", i);
		snprintf(url, sizeof(url), "/api/v1/recordings/%s/sound", id);
		put(f, id, "complete", "100", bad[i], strlen(bad[i]));
		unsigned status = hear(f, NULL, url, file);
		if (status != 404 || *file)
			fail_msg("\"%s\": %u %s", bad[i], status, file);
	}
	put(f, "nul", "complete", "100", "recordings/a\0b.wav", 18);
	assert_int_equal(hear(f, NULL, "/api/v1/recordings/nul/sound", file), 404);
	memset(longer, 'a', sizeof(longer));
	memcpy(longer, "recordings/", 11);
	memcpy(longer + sizeof(longer) - 4, ".wav", 4);
	put(f, "long", "complete", "100", longer, sizeof(longer));
	assert_int_equal(hear(f, NULL, "/api/v1/recordings/long/sound", file), 200);
	assert_int_equal(hear(f, NULL, "/api/v1/recordings/%2e%2e%2fkey/sound", file), 404);
}

/* Somebody's own: of the own extension, and only where that is allowed. */
static void test_own(void **state)
{
	static const char wav[] = "recordings/one.wav";
	struct fix *f = *state;
	struct principal who = {.role = ROLE_USER,
				.scopes = SCOPE_ALL,
				.name = "tom",
				.extension = "100",
				.session = SLICE("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")};
	char file[512];

	assert_int_equal(ask(f, "POST", "/api/v1/extensions", "{\"number\": \"100\"}"), 201);
	assert_int_equal(ask(f, "POST", "/api/v1/users", "{\"name\": \"tom\", \"extension\": \"100\"}"), 201);
	put(f, "own", "complete", "100", wav, strlen(wav));
	put(f, "other", "complete", "200", wav, strlen(wav));
	assert_int_equal(hear(f, &who, "/api/v1/me/recordings/own/sound", file), 403);
	assert_string_equal(file, "");
	assert_int_equal(ask(f, "PATCH", "/api/v1/users/tom", "{\"may_listen\": true}"), 200);
	assert_int_equal(hear(f, &who, "/api/v1/me/recordings/own/sound", file), 200);
	assert_int_equal(hear(f, &who, "/api/v1/me/recordings/other/sound", file), 404);
	assert_int_equal(hear(f, &who, "/api/v1/recordings/own/sound", file), 403);
	who.extension[0] = '\0';
	assert_int_equal(hear(f, &who, "/api/v1/me/recordings/own/sound", file), 404);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test_setup_teardown(test_file, fix_setup, fix_teardown),
		cmocka_unit_test_setup_teardown(test_paths, fix_setup, fix_teardown),
		cmocka_unit_test_setup_teardown(test_own, fix_setup, fix_teardown),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
