/*
 * csv_test.c - what spreadsheets write is read, what is written is safe in them, what is no CSV is told.
 */
#include "api/csv.h"
#include "fix.h"

/* The whole file as "a|b/c|d", or "LINE: sentence". */
static const char *read_all(const char *text, size_t l)
{
	static char out[2000];
	static struct csv c;
	struct buf b, why;
	bool first = true;
	int err;

	buf_init_fixed(&b, out, sizeof(out) - 1);
	buf_init(&why);
	csv_open(&c, slice_mem(text, l));
	while (!(err = csv_row(&c, &why))) {
		buf_str(&b, first ? "" : "/");
		for (size_t i = 0; i < c.n; i++) {
			buf_str(&b, i ? "|" : "");
			buf_slice(&b, csv_cell(&c, i));
		}
		first = false;
	}
	assert_true(csv_cell(&c, CSV_COLUMNS).l == 0);
	if (err == ERR_SYNTAX)
		buf_printf(&b, " %u: %.20s", c.line, why.p);
	else
		assert_int_equal(err, ENOENT);
	out[b.l] = '\0';
	csv_close(&c);
	buf_free(&why);
	return out;
}

static void reading(void **state)
{
	static const struct {
		const char *text, *want;
	} v[] = {
		{"", ""},
		{"a", "a"},
		{"a,b\r\nc,d\r\n", "a|b/c|d"},
		{"a,b\nc,d", "a|b/c|d"},
		{"a,b\rc,d\r", "a|b/c|d"},
		{"a,\n,b\n,\n\n", "a|/|b"},
		{"\xef\xbb\xbf"
		 "a;b,c;d",
		 "a|b,c|d"},
		{"a\tb,c\td\n1\t2\t3", "a|b,c|d/1|2|3"},
		{"sep=;\na,b;c", "a,b|c"},
		{"sep=|\n", "sep=|"},
		{"\"a,b\",\"c\"\"d\"\r\n\"e\r\nf\",", "a,b|c\"d/e\r\nf|"},
		{"'=1+1,'+49,'-1,'@x,''y,'z,'", "=1+1|+49|-1|@x|'y|'z|'"},
		{"\"\",x", "|x"},
		{"a\n\"open", "a 2: a quotation mark (\")"},
		{"a\n\"x\ny\"z", "a 2: there is something b"},
		{"a\r\n\r\nb\"c", "a 3: there is a quotation"},
		{"a\n\xc3(", "a 2: this is not text in"},
		{"\"x\r\ny\r\nz\"\na\"", "x\r\ny\r\nz 4: there is a quotation"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		const char *got = read_all(v[i].text, strlen(v[i].text));

		if (strncmp(got, v[i].want, strlen(v[i].want)) || (!strchr(v[i].want, ':') && strcmp(got, v[i].want)))
			fail_msg("\"%s\": \"%s\"", v[i].text, got);
	}
	assert_string_equal(read_all("a\0b", 3), " 1: this is not text in ");
}

static void limits(void **state)
{
	char *text = calloc(1, 70000);

	(void)state;
	memset(text, ',', CSV_COLUMNS - 1);
	text[0] = 'x';
	text[1] = ',';
	assert_null(strstr(read_all(text, CSV_COLUMNS - 1), ": there are more"));
	memset(text, ',', CSV_COLUMNS + 1);
	text[0] = 'x';
	assert_non_null(strstr(read_all(text, CSV_COLUMNS + 1), "1: there are more than"));
	memset(text, 'y', CSV_CELL_MAX + 1);
	assert_non_null(strstr(read_all(text, CSV_CELL_MAX + 1), "1: a cell is longer tha"));
	free(text);
}

static void writing(void **state)
{
	static const struct {
		const char *cell, *want;
	} v[] = {
		{"", ",\r\n"},
		{"plain", ",plain\r\n"},
		{"a,b", ",\"a,b\"\r\n"},
		{"a\"b", ",\"a\"\"b\"\r\n"},
		{"a\nb", ",\"a\nb\"\r\n"},
		{"=1+1", ",'=1+1\r\n"},
		{"+49 30", ",'+49 30\r\n"},
		{"-x", ",'-x\r\n"},
		{"@x", ",'@x\r\n"},
		{"=a,b", ",\"'=a,b\"\r\n"},
		{"'x", ",''x\r\n"},
		{" x", ",\" x\"\r\n"},
		{"\xc3\xa4", ",\xc3\xa4\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		struct buf b;
		char back[100];

		buf_init(&b);
		csv_put(&b, false, slice_str(v[i].cell));
		csv_end(&b);
		assert_true(slice_eqs(buf_get(&b), v[i].want));
		snprintf(back, sizeof(back), "k%.*s", SLICE_FMT(buf_get(&b)));
		assert_string_equal(read_all(back, strlen(back)) + 2, v[i].cell);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reading), cmocka_unit_test(limits),
					   cmocka_unit_test(writing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
