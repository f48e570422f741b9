/*
 * The configuration's text when it is wrong: every fault of a file is reported at once, each on its line; nothing
 * hostile crashes the reading or slips through it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/config_sample.h"
#include "vipd/config_not_yet.h"
#include "vipd/config_scan.h"

static const struct {
	const char *text;
	unsigned line;
	const char *words;
} faults[] = {
	{ "nodes = \"a\"", 1, "unknown key nodes at the top level: did you mean node?" },
	{ "\n\nadvert_int = \"1s\"", 3, "it belongs into a section vrrp_instance" },
	{ "vrrp_instance a {\n state_dir = \"/x\"\n}", 2, "it belongs outside of every section" },
	{ "vrrp_instance a {\n interfase = eth0\n}", 2, "did you mean interface?" },
	{ "vrrp_instance a {\n zzzzzzzzzz = { 1, 2 }\n}", 2, "unknown key zzzzzzzzzz" },
	{ "vrrp_instance a {\n memberr x { address = 1 }\n}", 2, "did you mean member?" },
	{ "log_level = info\nlog_level = debug", 2,
		"log_level is given twice in this section (before that on line 1)" },
	{ "vrrp_instance a {\n virtual_ipaddress = { \"10.0.0.1\" }\n virtual_ipaddress = { \"10.0.0.2\" }\n}", 3,
		"given twice" },
	{ "vrrp_instance a {\n}\nvrrp_instance a {\n}", 3, "given twice (before that on line 1)" },
	{ "vrrp_instance a {\n postgresql { }\n postgresql { }\n}", 3, "given twice (before that on line 2)" },
	{ "vrrp_instance a {\n member m { }\n member m { }\n}", 3, "give it another name" },
	{ "vrrp_instance A {\n}", 1, "a name has 1 to 32" },
	{ "vrrp_instance {\n}", 1, "needs a name" },
	{ "vrrp_instance a {\n postgresql p { }\n}", 2, "has no name" },
	{ "vrrp_instance a {\n", 1, "never closed" },
	{ "vrrp_instance a {\n bogus {\n x = 1\n", 2, "never closed" },
	{ "\n}", 2, "without its {" },
	{ "log_level info", 1, "neither = nor {" },
	{ "log_level =", 1, "has no value" },
	{ "log_level = = info", 1, "has no value" },
	{ "log_level = { info }", 1, "takes one value" },
	{ "log_level = \"info", 1, "not closed on its line" },
	{ "node = 'a\nlog_level = info", 1, "not closed on its line" },
	{ "node = \"a\\n\"", 1, "backslash" },
	{ "node = \"a\tb\"", 1, "a name has" },
	{ "node = \"\001\"", 1, "control character 0x01" },
	{ "\"node\" = a", 1, "a key is expected" },
	{ "= a", 1, "a key is expected" },
	{ "{ }", 1, "a key is expected" },
	{ "node += a", 1, "unexpected character +" },
	{ "include(\"/etc/passwd\")", 1, "unexpected character (" },
	{ "node = ${HOME}", 1, "unexpected character $" },
	{ "node = \303\244", 1, "unexpected byte 0xc3" },
	{ "vrrp_instance a {\n virtual_ipaddress = { \"1.1.1.1\" \"2.2.2.2\" }\n}", 2, "comma or } is missing" },
	{ "vrrp_instance a {\n virtual_ipaddress = { , }\n}", 2, "list of virtual_ipaddress" },
	{ "vrrp_instance a {\n virtual_ipaddress = {\n \"10.0.0.1\",\n \"10.0.0.300\"\n}\n}", 4, "10.0.0.300" },
	{ "/* two\nlines */ nodes = 1", 2, "unknown key nodes" },
	{ "node = a /* one */\n// two\n# three\nnodes = 1", 4, "unknown key nodes" },
	{ "/* open\n\n", 1, "not closed: write */" },
	{ "", 0, "there is no instance" },
	{ "# only a comment", 0, "there is no instance" },
};

static void each_fault_is_reported_on_its_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(faults); i++) {
		assert_int_equal(sample_text_load(faults[i].text), -EINVAL);
		sample_assert_error(faults[i].line, faults[i].words);
	}
}

static void all_faults_of_a_file_are_reported_in_one_run(void **state)
{
	char text[8192];

	(void)state;
	sample_build(CONFIG_SECTION_MEMBER, "address",
		"address = \"db1.example\" priority = 0\n"
		"adress = \"x\"\n"
		"priority 7\n"
		"nofailover = maybe nofailover = true",
		text, sizeof(text));
	assert_int_equal(sample_text_load(text), -EINVAL);
	sample_assert_error(12, "address = \"db1.example\"");
	sample_assert_error(12, "priority = \"0\"");
	sample_assert_error(13, "did you mean address?");
	sample_assert_error(14, "neither = nor {");
	sample_assert_error(15, "nofailover = \"maybe\"");
	sample_assert_error(15, "nofailover is given twice");
	assert_int_equal(sample_report.errors, 6);
	for (size_t i = 1; i < sample_report.count; i++) {
		assert_true(sample_report.message[i - 1].line <= sample_report.message[i].line);
	}
}

static void more_faults_than_fit_are_counted(void **state)
{
	char text[8192] = "";
	size_t used = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "unknown_%d = 1\n", i);
	}
	assert_int_equal(sample_text_load(text), -EINVAL);
	assert_int_equal(sample_report.count, CONFIG_MESSAGES_MAX);
	assert_int_equal(sample_report.errors, 101); /* and there is no instance */
	assert_int_equal(sample_report.dropped, 101 - CONFIG_MESSAGES_MAX);
}

static void too_many_of_anything_is_refused(void **state)
{
	static char text[64 * 1024];
	size_t used = (size_t)snprintf(text, sizeof(text), "vrrp_instance a {\n");

	(void)state;
	for (int i = 0; i < 12; i++) {
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "member m%d { address = \"10.0.0.%d\" }\n", i, i + 1);
	}
	for (int i = 0; i < 10; i++) {
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "track_script s%d { command = \"/x\" }\n", i);
	}
	snprintf(text + used, sizeof(text) - used, "}\n");
	assert_int_equal(sample_text_load(text), -EINVAL);
	sample_assert_error(11, "more than 9 members");
	sample_assert_error(22, "more than 8 track_script");
	used = 0;
	for (int i = 0; i < 20; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "vrrp_instance i%d { }\n", i);
	}
	assert_int_equal(sample_text_load(text), -EINVAL);
	used = 0;
	for (int i = 0; i < 2000; i++) {
		used += (size_t)snprintf(text + used, sizeof(text) - used, "vrrp_instance i%d { }\n", i);
	}
	assert_int_equal(sample_text_load(text), -EINVAL);
}

/* What is read and checked but not acted on is refused by the daemon, each with what to write instead. */
static void what_is_not_there_yet_is_refused_by_name(void **state)
{
	static const struct {
		enum config_section section;
		const char *key;
		const char *statement;
		const char *words;
	} later[] = {
		{ CONFIG_SECTION_POSTGRESQL, "primary_crash_grace", "primary_crash_grace = \"1s\"", "a dead primary" },
		{ CONFIG_SECTION_POSTGRESQL, "rejoin", "rejoin = manual", "write manage = promote" },
		{ CONFIG_SECTION_POSTGRESQL, "salvage_dir", "salvage_dir = \"/x\"", "would not be kept" },
		{ CONFIG_SECTION_INSTANCE, "pre_promote", "pre_promote = \"/bin/true\"", "nothing would wait" },
		{ CONFIG_SECTION_MEMBER, "replicate_from", "replicate_from = \"db2\"", "follows the holder" },
	};
	unsigned line;

	(void)state;
	assert_int_equal(sample_load(CONFIG_SECTION_POSTGRESQL, "rejoin", "rejoin = auto", &line), 0);
	assert_int_equal(config_not_yet(sample_config, &sample_report), 0);
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(later); i++) {
		assert_int_equal(sample_load(later[i].section, later[i].key, later[i].statement, &line), 0);
		assert_int_equal(config_not_yet(sample_config, &sample_report), 1);
		assert_non_null(strstr(sample_report.message[sample_report.count - 1].text, later[i].words));
		assert_non_null(strstr(sample_report.message[sample_report.count - 1].text, "not yet"));
		assert_non_null(strstr(sample_report.message[sample_report.count - 1].text, later[i].key));
	}
}

/* Checked by the rule that it is run by (exec_command_split): what is accepted here is not refused in an emergency. */
static void a_command_that_could_not_be_run_is_refused(void **state)
{
	char statement[400] = "command = \"/bin/x";
	unsigned line;

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		(void)strncat(statement, " a", sizeof(statement) - strlen(statement) - 1);
	}
	(void)strncat(statement, "\"", sizeof(statement) - strlen(statement) - 1);
	assert_int_equal(sample_load(CONFIG_SECTION_SCRIPT, "command", statement, &line), -EINVAL);
	sample_assert_error(line, "more than 64 words");
	assert_int_equal(sample_load(CONFIG_SECTION_SCRIPT, "command", "command = \"/bin/x it\\\\'s\"", &line), 0);
	assert_int_equal(sample_load(CONFIG_SECTION_SCRIPT, "command", "command = \"/bin/x it's\"", &line), -EINVAL);
}

static void secrets_are_not_repeated(void **state)
{
	unsigned line;

	(void)state;
	assert_int_equal(
		sample_load(CONFIG_SECTION_POSTGRESQL, "conninfo", "conninfo = \"host=db1 password=sesame\"", &line),
		-EINVAL);
	for (size_t i = 0; i < sample_report.count; i++) {
		assert_null(strstr(sample_report.message[i].text, "sesame"));
	}
}

static void what_the_file_says_is_escaped(void **state)
{
	unsigned line;

	(void)state;
	assert_int_equal(
		sample_load(CONFIG_SECTION_GLOBAL, "log_level", "log_level = \"a\302\233b\377\"", &line), -EINVAL);
	sample_assert_error(line, "a\\xc2\\x9bb\\xff");
}

static void a_text_that_is_none_is_refused(void **state)
{
	static char large[CONFIG_FILE_BYTES_MAX + 1];
	struct vip_config *config;

	(void)state;
	memset(large, ' ', sizeof(large));
	assert_int_equal(
		config_load_text("t", large, sizeof(large), &sample_options, &sample_report, &config), -EINVAL);
	assert_non_null(strstr(sample_report.message[0].text, "larger than 256kB"));
	assert_int_equal(config_load_text("t", "node = a\0b", 10, &sample_options, &sample_report, &config), -EINVAL);
	assert_non_null(strstr(sample_report.message[0].text, "0 bytes"));
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
	char folder[] = "/tmp/vipd-test-XXXXXX";
	char path[64];
	struct vip_config *config;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(config_load(folder, NULL, &sample_report, &config), -EINVAL);
	assert_non_null(strstr(sample_report.message[0].text, "no regular file"));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(config_load(path, NULL, &sample_report, &config), -EINVAL); /* and does not wait */
	unlink(path);
	assert_int_equal(config_load(path, NULL, &sample_report, &config), -EINVAL);
	assert_non_null(strstr(sample_report.message[0].text, "No such file"));
	assert_int_equal(rmdir(folder), 0);
}

/* xorshift64: the same faults in every run. */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void broken_texts_neither_crash_nor_pass_in_silence(void **state)
{
	static const char pieces[][12] = { "{", "}", "=", "\"", "'", ",", "\n", "#", "/*", "*/", "${", "\\", "member",
		"\"x\"", "\0", "1", "+=", "(", "//", "\r\n" };
	char good[8192];
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
	size_t refused = 0;

	(void)state;
	sample_build(CONFIG_SECTION_GLOBAL, "node", "node = \"db1\"", good, sizeof(good));
	for (int i = 0; i < 5000; i++) {
		static char text[16384];
		size_t len = strlen(good);
		struct vip_config *config = NULL;
		int code;

		memcpy(text, good, len);
		for (uint64_t edits = 1 + next(&seed) % 4; edits > 0; edits--) {
			const char *piece = pieces[next(&seed) % VRRP_ARRAY_LENGTH(pieces)];
			size_t piece_len = piece[0] == '\0' ? 1 : strlen(piece);
			size_t at = next(&seed) % len;
			size_t cut = next(&seed) % 3 == 0 ? next(&seed) % (len - at) : 0;

			memmove(text + at + piece_len, text + at + cut, len - at - cut);
			memcpy(text + at, piece, piece_len);
			len += piece_len - cut;
		}
		code = config_load_text("t", text, len, &sample_options, &sample_report, &config);
		assert_int_equal(code == 0, sample_report.errors == 0);
		assert_int_equal(code == 0, config != NULL);
		refused += code != 0;
		config_free(config);
	}
	assert_in_range(refused, 3000, 4999);
}

static int sample_done(void **state)
{
	(void)state;
	config_free(sample_config);
	sample_config = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_reported_on_its_line),
		cmocka_unit_test(all_faults_of_a_file_are_reported_in_one_run),
		cmocka_unit_test(more_faults_than_fit_are_counted),
		cmocka_unit_test(too_many_of_anything_is_refused),
		cmocka_unit_test(what_is_not_there_yet_is_refused_by_name),
		cmocka_unit_test(a_command_that_could_not_be_run_is_refused),
		cmocka_unit_test(secrets_are_not_repeated),
		cmocka_unit_test(what_the_file_says_is_escaped),
		cmocka_unit_test(a_text_that_is_none_is_refused),
		cmocka_unit_test(a_file_that_cannot_be_read_is_named),
		cmocka_unit_test(broken_texts_neither_crash_nor_pass_in_silence),
	};

	return cmocka_run_group_tests_name("config_faults", tests, NULL, sample_done);
}
