/*
 * recorder_test.c - recordings: headers bit by bit, two sides in step with gaps, jitter and jumping clocks, pauses,
 * files that can be played after an end at any point, lost and failing writes, memory that is out.
 */
#include <fcntl.h>
#include <math.h>
#include <opus/opusfile.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/log.h"
#include "loop/vnet.h"
#include "media/recorder_priv.h"
#include "media/tone.h"

enum { FILE_BYTES = 4 << 20, MS_US = 1000 };

static char dir[64], path[256];
static struct vnet *net;
static struct loop *l;
static struct files *f;
static struct mrecorder *r;
static struct mrecorder_info end;
static int closed, failed;
static uint64_t t0;
static uint8_t *bytes;
static size_t nbytes;

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/offhook-rec-XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(vnet_alloc(&net, 1), 0);
	assert_int_equal(loop_alloc_virtual(&l, net), 0);
	assert_int_equal(files_alloc(&f, l), 0);
	bytes = malloc(FILE_BYTES);
	closed = failed = 0;
	r = NULL;
	return 0;
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	f = mem_deref(f);
	loop_drain(l);
	l = mem_deref(l);
	net = mem_deref(net);
	free(bytes);
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
	assert_int_equal(system(cmd), 0);
	return 0;
}

static void failed_h(struct mrecorder *rec, int err, void *arg)
{
	(void)rec;
	(void)arg;
	failed = err;
}

static void closed_h(const struct mrecorder_info *i, void *arg)
{
	(void)arg;
	closed++;
	end = *i;
}

static const struct mrecorder_ops ops = {.failed = failed_h, .closed = closed_h};

static struct mrecorder_cfg make_cfg(enum mrecorder_format fmt, bool stereo, uint32_t rate)
{
	snprintf(path, sizeof(path), "%s/a/b%s", dir, mrecorder_suffix(fmt));
	return (struct mrecorder_cfg){
		.loop = l, .files = f, .path = path, .format = fmt, .sides = 2, .stereo = stereo, .rate = rate};
}

static void start(enum mrecorder_format fmt, bool stereo, uint32_t rate)
{
	struct mrecorder_cfg cfg = make_cfg(fmt, stereo, rate);

	t0 = loop_now_us(l);
	assert_int_equal(mrecorder_alloc(&r, &cfg, &ops, NULL), 0);
}

/* As the engine: one chunk, due `ms` after the start. */
static void feed(enum mrecorder_side side, uint32_t ms, const int16_t *pcm, size_t n)
{
	struct media_sink *s = mrecorder_sink(r, side);

	s->write(s, pcm, n, t0 + (uint64_t)ms * MS_US);
}

static void feed_level(enum mrecorder_side side, uint32_t ms, int16_t level)
{
	int16_t v[160];

	for (int i = 0; i < 160; i++)
		v[i] = level;
	feed(side, ms, v, 160);
}

static void sinks_done(void)
{
	struct media_sink *s[MREC_SIDES];

	for (int i = 0; i < MREC_SIDES; i++)
		s[i] = mrecorder_sink(r, i);
	for (int i = 0; i < MREC_SIDES; i++)
		s[i]->done(s[i]);
}

static void load(void)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	nbytes = 0;
	while ((n = read(fd, bytes + nbytes, FILE_BYTES - nbytes)) > 0)
		nbytes += (size_t)n;
	close(fd);
}

static void finish(void)
{
	/* both sinks were handed out, so the end waits for their done() */
	(void)mrecorder_sink(r, MREC_SAID);
	mrecorder_stop(r);
	vnet_run(net, 500);
	assert_int_equal(closed, 0);
	sinks_done();
	vnet_run(net, 500);
	assert_int_equal(closed, 1);
	load();
}

static int16_t sample(size_t i)
{
	return (int16_t)(bytes[44 + 2 * i] | bytes[45 + 2 * i] << 8);
}

static uint32_t le32(size_t at)
{
	return bytes[at] | (uint32_t)bytes[at + 1] << 8 | (uint32_t)bytes[at + 2] << 16 | (uint32_t)bytes[at + 3] << 24;
}

/* ------------------------------------------------------------------ WAV */

static void test_wav_header(void **state)
{
	static const uint8_t want[44] = {
		'R', 'I', 'F', 'F', 0xc4, 0x7d, 0,   0,   'W', 'A',  'V',  'E',  'f', 'm',  't',
		' ', 16,  0,   0,   0,    1,    0,   2,   0,   0x40, 0x1f, 0,    0,   0x00, 0x7d,
		0,   0,   4,   0,   16,   0,    'd', 'a', 't', 'a',  0xa0, 0x7d, 0,   0,
	};
	struct stat st;

	(void)state;
	start(MREC_WAV, true, 8000);
	for (uint32_t ms = 0; ms < 1000; ms += 20) {
		feed_level(MREC_SAID, ms, 1000);
		feed_level(MREC_HEARD, ms, -2000);
		vnet_run(net, 20);
	}
	/* one more chunk than a second: 1.005 s */
	vnet_run(net, 5);
	finish();
	assert_int_equal(end.err, 0);
	assert_int_equal(end.lost, 0);
	assert_int_equal(end.ms, 1005);
	assert_int_equal(end.bytes, nbytes);
	assert_int_equal(nbytes, 44 + 1005 * 8 * 4);
	assert_memory_equal(bytes, want, sizeof(want));
	for (size_t i = 0; i < 8000; i++) {
		assert_int_equal(sample(2 * i), 1000);
		assert_int_equal(sample(2 * i + 1), -2000);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_wav_mono(void **state)
{
	(void)state;
	start(MREC_WAV, false, 8000);
	feed_level(MREC_SAID, 0, 1000);
	feed_level(MREC_HEARD, 0, -300);
	feed_level(MREC_SAID, 20, 30000);
	feed_level(MREC_HEARD, 20, 30000);
	feed_level(MREC_SAID, 40, -30000);
	feed_level(MREC_HEARD, 40, -30000);
	vnet_run(net, 60);
	finish();
	assert_int_equal(le32(24), 8000);
	assert_int_equal(bytes[22], 1);
	assert_int_equal(nbytes, 44 + 480 * 2);
	assert_int_equal(sample(0), 700);
	assert_int_equal(sample(160), 32767);
	assert_int_equal(sample(320), -32768);
}

/* ------------------------------------------------------------------ in step */

/* Frame at which a channel of a stereo file is first louder than 500, from `from` on; -1: never. */
static long onset(unsigned ch, size_t from)
{
	for (size_t i = from; i < (nbytes - 44) / 4; i++)
		if (abs(sample(2 * i + ch)) > 500)
			return (long)i;
	return -1;
}

/* What is due at the same time stands side by side, also after a side was silent without packets. */
static void test_in_step(void **state)
{
	(void)state;
	start(MREC_WAV, true, 8000);
	for (uint32_t ms = 0; ms < 5000; ms += 20) {
		int16_t mark = ms == 4000 ? 9000 : 0;
		feed_level(MREC_SAID, ms, mark);
		/* the other side begins late, stops for two seconds, comes again */
		if ((ms >= 500 && ms < 1000) || ms >= 3000)
			feed_level(MREC_HEARD, ms, mark);
		vnet_run(net, 20);
	}
	finish();
	assert_int_equal(end.ms, 5000);
	assert_int_equal(onset(0, 0), 32000);
	assert_int_equal(onset(1, 0), 32000);
}

/* Both were silent, then both come again: the pause is as long in the file. */
static void test_both_silent(void **state)
{
	(void)state;
	start(MREC_WAV, true, 8000);
	feed_level(MREC_SAID, 0, 3000);
	feed_level(MREC_HEARD, 0, 3000);
	vnet_run(net, 60000);
	feed_level(MREC_SAID, 60000, 3000);
	feed_level(MREC_HEARD, 60010, 3000);
	vnet_run(net, 100);
	finish();
	assert_int_equal(onset(0, 160), 480000);
	assert_int_equal(onset(1, 160), 480080);
	assert_int_equal(end.ms, 60100);
}

/* Jitter of the times cuts and repeats nothing; the sides do not drift. */
static void test_jitter(void **state)
{
	uint32_t seed = 1;
	int16_t v[160];
	uint64_t n = 0;

	(void)state;
	start(MREC_WAV, true, 8000);
	for (uint32_t ms = 0; ms < 20000; ms += 20) {
		for (int i = 0; i < 160; i++, n++)
			v[i] = (int16_t)(1000 + n % 20000);
		seed = seed * 1103515245 + 12345;
		feed(MREC_SAID, ms + (seed >> 16) % 80, v, 160);
		feed_level(MREC_HEARD, ms, 800);
		vnet_run(net, 20);
	}
	vnet_run(net, 100);
	finish();
	size_t at = (size_t)onset(0, 0);
	assert_true(at < 80 * 8);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(sample(2 * (at + i)), 1000 + i % 20000);
}

/* A sender's clock is slow or fast: corrected where it is quiet, no more than SMALL off in the end. */
static void test_drift(void **state)
{
	(void)state;
	for (int dir_ms = -1; dir_ms <= 1; dir_ms += 2) {
		start(MREC_WAV, true, 8000);
		int64_t t = 1000;
		for (uint32_t i = 0; i < 1000; i++, t += 20) {
			bool mark = i == 900;
			feed_level(MREC_SAID, (uint32_t)t, mark ? 9000 : 0);
			/* a millisecond in half a second */
			feed_level(MREC_HEARD, (uint32_t)t, mark ? 9000 : 0);
			if (i % 25 == 0)
				t += dir_ms;
			vnet_run(net, 20);
		}
		vnet_run(net, 2000);
		finish();
		double at = (double)onset(0, 0) / 8, due = 1000 + 900 * 20 + dir_ms * 36;
		assert_true(fabs(at - due) <= 21);
		unlink(path);
		closed = 0;
	}
}

/* Times that leap: what is said is kept, and the file does not grow without bound. */
static void test_clock_jumps(void **state)
{
	struct media_sink *s;
	int16_t v[160];

	(void)state;
	for (int i = 0; i < 160; i++)
		v[i] = 5000;
	start(MREC_WAV, true, 8000);
	s = mrecorder_sink(r, MREC_SAID);
	s->write(s, v, 160, t0);
	s->write(s, v, 160, t0 + 86400ULL * 1000000); /* a day ahead */
	s->write(s, v, 160, t0 - 500000000);          /* back */
	s->write(s, v, 160, 0);
	s->write(s, v, 160, UINT64_MAX);
	s->write(s, v, 160, 100000);
	vnet_run(net, 200);
	finish();
	size_t loud = 0;
	for (size_t i = 0; i < (nbytes - 44) / 4; i++)
		loud += sample(2 * i) == 5000;
	assert_int_equal(loud, 6 * 160);
	assert_in_range(end.ms, 120, 400);
}

/* A burst after a stall: nothing of it is lost, and the sides come together again when it is quiet. */
static void test_burst(void **state)
{
	size_t loud = 0;

	(void)state;
	start(MREC_WAV, true, 8000);
	for (uint32_t ms = 0; ms < 6000; ms += 20) {
		bool stall = ms >= 1000 && ms < 1400;
		int16_t level = ms < 2000 ? 4000 : ms == 5000 ? 9000 : 0;
		/* what was due during the stall is given the time of its end */
		feed_level(MREC_SAID, stall ? 1400 : ms, level);
		feed_level(MREC_HEARD, ms, ms == 5000 ? 9000 : 0);
		vnet_run(net, 20);
	}
	finish();
	for (size_t i = 0; i < (nbytes - 44) / 4; i++)
		loud += sample(2 * i) == 4000;
	assert_int_equal(loud, 100 * 160);
	long a = onset(0, 4500 * 8), b = onset(1, 4500 * 8);
	assert_true(labs(a - b) <= 20 * 8);
}

/* ------------------------------------------------------------------ pauses */

static void test_pause(void **state)
{
	struct mrecorder_info i;

	(void)state;
	start(MREC_WAV, true, 8000);
	for (uint32_t ms = 0; ms < 6000; ms += 20) {
		if (ms == 2000 || ms == 4000)
			mrecorder_pause(r, ms == 2000);
		feed_level(MREC_SAID, ms, ms < 2000 ? 1000 : ms < 4000 ? 7777 : 2000);
		feed_level(MREC_HEARD, ms, 0);
		vnet_run(net, 20);
		mrecorder_info(r, &i);
		assert_int_equal(i.paused, ms >= 2000 && ms < 4000);
	}
	/* ended in a pause */
	mrecorder_pause(r, true);
	vnet_run(net, 1000);
	feed_level(MREC_SAID, 7000, 7777);
	finish();
	assert_int_equal(end.pauses, 2);
	assert_int_equal(end.paused_ms, 3000);
	assert_int_equal(end.ms, 4000);
	for (size_t k = 0; k < (nbytes - 44) / 4; k++)
		assert_int_equal(sample(2 * k), k < 16000 ? 1000 : 2000);
}

/* ------------------------------------------------------------------ Opus */

static void feed_tone(enum mrecorder_side side, uint32_t ms, unsigned hz, uint32_t rate)
{
	int16_t v[320];
	size_t n = rate / 50;

	for (size_t i = 0; i < n; i++)
		v[i] = (int16_t)(hz ? 8000 * sin(2 * M_PI * hz * (ms * (rate / 1000.0) + (double)i) / rate) : 0);
	feed(side, ms, v, n);
}

/* Decode all; returns frames at 48 kHz, `v` of 2 channels. */
static size_t opus_decode_all(int16_t *v, size_t max, int *err)
{
	size_t n = 0;
	int k;
	OggOpusFile *of = op_open_memory(bytes, nbytes, err);

	if (!of)
		return 0;
	while (n < max && (k = op_read_stereo(of, v + 2 * n, (int)(2 * (max - n)))) != 0) {
		if (k > 0)
			n += (size_t)k;
	}
	op_free(of);
	return n;
}

/* Share of a tone in a channel between two times. */
static double share(const int16_t *v, unsigned ch, uint32_t from_ms, uint32_t to_ms, unsigned hz)
{
	size_t n = (to_ms - from_ms) * 48;
	int16_t *one = malloc(n * sizeof(*one));

	for (size_t i = 0; i < n; i++)
		one[i] = v[2 * (from_ms * 48 + i) + ch];
	double s = tone_share(one, n, hz, 48000);
	free(one);
	return s;
}

static void test_opus(void **state)
{
	static const struct {
		bool stereo;
		uint32_t rate;
	} row[] = {{true, 8000}, {false, 8000}, {true, 16000}, {false, 16000}};
	enum { MAX = 48 * 4000 };
	int16_t *v = malloc(MAX * 2 * sizeof(*v));

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(row); k++) {
		int err = 0;
		start(MREC_OPUS, row[k].stereo, row[k].rate);
		for (uint32_t ms = 0; ms < 3000; ms += 20) {
			feed_tone(MREC_SAID, ms, ms >= 1000 && ms < 2000 ? 1000 : 0, row[k].rate);
			feed_tone(MREC_HEARD, ms, ms >= 2000 ? 600 : 0, row[k].rate);
			vnet_run(net, 20);
		}
		vnet_run(net, 7);
		finish();
		assert_int_equal(end.err, 0);
		assert_int_equal(end.ms, 3007);
		assert_int_equal(end.bytes, nbytes);
		/* RFC 7845 5.1 and 5.2 */
		assert_memory_equal(bytes, "OggS", 4);
		assert_int_equal(bytes[5], 2);
		assert_memory_equal(bytes + 28, "OpusHead\x01", 9);
		assert_int_equal(bytes[37], row[k].stereo ? 2 : 1);
		assert_int_equal(le32(40), row[k].rate);
		assert_int_equal(bytes[46], 0);
		assert_memory_equal(bytes + 47, "OggS", 4);
		assert_memory_equal(bytes + 47 + 28, "OpusTags\x07\0\0\0offhook\0\0\0\0", 23);
		/* sample by sample as long as what was recorded */
		assert_int_equal(opus_decode_all(v, MAX, &err), 3007 * 48);
		assert_int_equal(err, 0);
		unsigned right = row[k].stereo;
		assert_true(share(v, 0, 1050, 1950, 1000) > 0.9);
		assert_true(share(v, right, 2050, 2950, 600) > 0.9);
		if (right) {
			assert_true(share(v, 0, 2050, 2950, 600) < 0.1);
			assert_true(share(v, 1, 1050, 1950, 1000) < 0.1);
		}
		/* it begins when it was said */
		size_t at = 0;
		while (abs(v[2 * at]) < 1000)
			at++;
		assert_in_range(at, 48 * 990, 48 * 1010);
		unlink(path);
		closed = 0;
	}
	free(v);
}

/* ------------------------------------------------------------------ ends at any point */

static void write_file(const char *to, size_t n)
{
	FILE *o = fopen(to, "wb");

	assert_non_null(o);
	assert_int_equal(fwrite(bytes, 1, n, o), n);
	fclose(o);
}

static void feed_both(uint32_t ms)
{
	feed_tone(MREC_SAID, ms, 1000, 8000);
	feed_tone(MREC_HEARD, ms, 0, 8000);
}

/* Whatever is cut off, the rest is brought in order and is all there; a second time changes nothing. */
static void test_cut_wav(void **state)
{
	char cut[160];

	(void)state;
	start(MREC_WAV, true, 8000);
	for (uint32_t ms = 0; ms < 2000; ms += 20) {
		feed_both(ms);
		vnet_run(net, 20);
	}
	finish();
	snprintf(cut, sizeof(cut), "%s/cut.wav", dir);
	for (size_t n = 0; n < nbytes; n += n < 60 ? 1 : 997) {
		uint64_t ms = 0, b = 0;
		write_file(cut, n);
		int err = mrecorder_repair(cut, &ms, &b);
		assert_int_equal(err, n < 44 ? ERR_SYNTAX : 0);
		if (err)
			continue;
		size_t frames = (n - 44) / 4;
		assert_int_equal(ms, frames / 8);
		assert_int_equal(b, 44 + frames * 4);
		int fd = open(cut, O_RDONLY);
		uint8_t h[44];
		assert_int_equal(read(fd, h, 44), 44);
		close(fd);
		assert_int_equal(h[40] | h[41] << 8 | h[42] << 16, frames * 4);
		assert_int_equal(h[4] | h[5] << 8 | h[6] << 16, frames * 4 + 36);
	}
}

/* The disk is full in the middle of a block; there is room again at the end. What the file says it has is whole. */
static void test_disk_full(void **state)
{
	struct rlimit was, little;

	(void)state;
	start(MREC_WAV, true, 8000);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	little = was;
	little.rlim_cur = 44 + 20001;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	for (uint32_t ms = 0; ms < 2000; ms += 20) {
		feed_level(MREC_SAID, ms, 0x1234);
		feed_level(MREC_HEARD, ms, 0x5678);
		vnet_run(net, 20);
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(failed, EFBIG);
	finish();
	assert_int_equal(end.err, EFBIG);
	size_t n = le32(40);
	assert_in_range(n, 16000, nbytes - 44);
	assert_int_equal(n % 4, 0);
	for (size_t i = 0; i < n / 4; i++) {
		uint32_t v = le32(44 + 4 * i);
		assert_true(v == 0x56781234 || !v);
	}
}

static void test_cut_opus(void **state)
{
	enum { MAX = 48 * 3000 };
	int16_t *v = malloc(MAX * 2 * sizeof(*v));
	uint8_t *whole = malloc(FILE_BYTES);
	char cut[160];
	size_t n, nwhole;

	(void)state;
	start(MREC_OPUS, true, 8000);
	for (uint32_t ms = 0; ms < 2000; ms += 20) {
		feed_both(ms);
		vnet_run(net, 20);
	}
	finish();
	nwhole = nbytes;
	memcpy(whole, bytes, nwhole);
	snprintf(cut, sizeof(cut), "%s/cut.opus", dir);
	snprintf(path, sizeof(path), "%s", cut);
	uint64_t last_ms = 0;
	for (n = 0; n < nwhole; n += n < 120 ? 1 : 83) {
		uint64_t ms = 0, b = 0, ms2, b2;
		int err;
		memcpy(bytes, whole, n);
		write_file(cut, n);
		err = mrecorder_repair(cut, &ms, &b);
		assert_int_equal(err, n < 47 ? ERR_SYNTAX : 0);
		if (err)
			continue;
		assert_true(ms >= last_ms);
		last_ms = ms;
		load();
		assert_int_equal(nbytes, b);
		assert_true(b <= n);
		assert_int_equal(mrecorder_repair(cut, &ms2, &b2), 0);
		assert_int_equal(ms2, ms);
		assert_int_equal(b2, b);
		if (!ms)
			continue;
		assert_int_equal(opus_decode_all(v, MAX, &err) / 48, ms);
		assert_int_equal(err, 0);
		if (ms > 200)
			assert_true(share(v, 0, 50, (uint32_t)ms - 50, 1000) > 0.9);
	}
	assert_true(last_ms >= 1000);
	free(whole);
	free(v);
}

/* While it is written, what is on the disk can be played and is at most a second short. */
static void test_up_to_date(void **state)
{
	static const enum mrecorder_format fmts[] = {MREC_WAV, MREC_OPUS};
	enum { MAX = 48 * 9000 };
	int16_t *v = malloc(MAX * 2 * sizeof(*v));

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(fmts); k++) {
		start(fmts[k], true, 8000);
		for (uint32_t ms = 0; ms < 8000; ms += 20) {
			feed_tone(MREC_SAID, ms, 1000, 8000);
			/* one side stops at times: the other one does not wait for it */
			if (ms % 3000 < 1500)
				feed_tone(MREC_HEARD, ms, 0, 8000);
			vnet_run(net, 20);
			if (ms < 1000 || ms % 140)
				continue;
			load();
			int err = 0;
			size_t have = fmts[k] == MREC_WAV ? le32(40) / 32 : opus_decode_all(v, MAX, &err) / 48;
			assert_int_equal(err, 0);
			assert_true(have + 1000 >= ms + 20);
			if (fmts[k] == MREC_WAV)
				assert_true(nbytes >= 44 + le32(40));
		}
		finish();
		closed = 0;
	}
	free(v);
}

static void test_repair_rubbish(void **state)
{
	static const char *const names[] = {"x.wav", "x.opus", "x.txt", "x"};
	char p[160];
	uint64_t ms, b;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(p, sizeof(p), "%s/%s", dir, names[i]);
		assert_int_equal(mrecorder_repair(p, &ms, &b), ENOENT);
		for (size_t n = 0; n < 300; n++)
			bytes[n] = (uint8_t)(n * 37);
		memcpy(bytes, "OggSRIFF", 8);
		write_file(p, 300);
		assert_int_equal(mrecorder_repair(p, &ms, &b), ERR_SYNTAX);
		/* a folder of that name, a link */
		unlink(p);
		assert_int_equal(mkdir(p, 0700), 0);
		assert_true(mrecorder_repair(p, &ms, &b) != 0);
		rmdir(p);
		assert_int_equal(symlink("/etc/hostname", p), 0);
		assert_true(mrecorder_repair(p, &ms, &b) != 0);
		unlink(p);
	}
}

/* ------------------------------------------------------------------ errors */

static void test_exists(void **state)
{
	(void)state;
	start(MREC_WAV, true, 8000);
	finish();
	closed = 0;
	start(MREC_WAV, true, 8000);
	feed_both(0);
	vnet_run(net, 1000);
	assert_int_equal(failed, EEXIST);
	finish();
	assert_int_equal(end.err, EEXIST);
	assert_int_equal(end.ms, 0);
	/* the first one is as it was */
	assert_int_equal(nbytes, 44);
}

static void test_ring_full(void **state)
{
	(void)state;
	start(MREC_WAV, true, 8000);
	vnet_run(net, 10);
	/* ten seconds, and the writer has no turn in between */
	for (uint32_t ms = 0; ms < 10000; ms += 20)
		feed_level(MREC_SAID, ms, 1000);
	vnet_run(net, 10000);
	feed_level(MREC_SAID, 10000, 2000);
	vnet_run(net, 20);
	finish();
	assert_true(end.lost > 0);
	assert_int_equal(end.err, 0);
	/* what follows stands at its time */
	assert_int_equal(sample(2 * 80000), 2000);
	assert_int_equal(sample(2 * 79999), 0);
}

static void test_arguments(void **state)
{
	struct mrecorder_cfg cfg = make_cfg(MREC_WAV, true, 44100);

	(void)state;
	assert_int_equal(mrecorder_alloc(&r, &cfg, &ops, NULL), EINVAL);
	cfg = make_cfg(MREC_WAV, true, 0);
	cfg.sides = 3;
	assert_int_equal(mrecorder_alloc(&r, &cfg, &ops, NULL), EINVAL);
	/* never tapped */
	cfg.sides = 1;
	assert_int_equal(mrecorder_alloc(&r, &cfg, &ops, NULL), 0);
	vnet_run(net, 100);
	mrecorder_stop(r);
	vnet_run(net, 100);
	assert_int_equal(closed, 1);
	assert_int_equal(end.ms, 100);
}

static void test_oom(void **state)
{
	(void)state;
#ifdef OH_DEBUG
	for (int fmt = MREC_WAV; fmt <= MREC_OPUS; fmt++) {
		struct mrecorder_cfg cfg = make_cfg(fmt, true, 8000);
		long i;
		for (i = 0;; i++) {
			mem_fail_at(i);
			int err = mrecorder_alloc(&r, &cfg, &ops, NULL);
			mem_fail_off();
			if (!err)
				break;
			assert_int_equal(err, ENOMEM);
		}
		assert_true(i > 1);
		/* then on the writer thread */
		for (i = 0; i < 6; i++) {
			failed = closed = 0;
			mem_fail_at(i);
			vnet_run(net, 10);
			mem_fail_off();
			t0 = loop_now_us(l);
			feed_both(0);
			sinks_done();
			mrecorder_stop(r);
			vnet_run(net, 500);
			assert_int_equal(closed, 1);
			assert_true(end.err == 0 || end.err == ENOMEM);
			unlink(path);
			assert_int_equal(mrecorder_alloc(&r, &cfg, &ops, NULL), 0);
		}
		mrecorder_stop(r);
		vnet_run(net, 500);
	}
#endif
}

#define T(t)                                                                                                           \
	{                                                                                                              \
#t, t, setup, teardown, NULL                                                                           \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_wav_header), T(test_wav_mono),       T(test_in_step),     T(test_both_silent),
		T(test_jitter),     T(test_drift),          T(test_clock_jumps), T(test_burst),
		T(test_pause),      T(test_opus),           T(test_cut_wav),     T(test_cut_opus),
		T(test_up_to_date), T(test_repair_rubbish), T(test_exists),      T(test_disk_full),
		T(test_ring_full),  T(test_arguments),      T(test_oom),
	};

	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
