/* Every case of html5lib-tests/tokenizer, whole and one byte at a time. Parse
 * errors are not compared. */
#include <dirent.h>
#include <jansson.h>
#include <string.h>

#include "base/utf8.h"
#include "crawler/html.h"
#include "tests/conformance/outside.h"

static unsigned n_cases, n_runs, n_excluded, n_failed;

/* --- what the tokeniser says, as the suite writes it */

static json_t *string_of(struct str s) {
    return json_stringn_nocheck(s.len ? s.ptr : "", s.len);
}

/* Appends; text that follows text is one token. */
static void put_text(json_t *tokens, struct str s) {
    json_t *last =
        json_array_size(tokens) ? json_array_get(tokens, json_array_size(tokens) - 1) : NULL;
    struct buf joined = BUF_INIT(1 << 20);

    if (last && strcmp(json_string_value(json_array_get(last, 0)), "Character") == 0) {
        json_t *old = json_array_get(last, 1);

        if (buf_put(&joined, str_at(json_string_value(old), json_string_length(old))) ||
            buf_put(&joined, s))
            abort();
        json_array_set_new(last, 1, string_of(buf_str(&joined)));
    } else {
        json_array_append_new(tokens, json_pack("[s,o]", "Character", string_of(s)));
    }
    buf_done(&joined);
}

static json_t *start_tag(const struct html_token *t) {
    json_t *attrs = json_object(), *token;

    for (size_t i = 0; i < t->n_attrs; i++) {
        char *name = strndup(t->attrs[i].name.ptr, t->attrs[i].name.len);

        json_object_set_new_nocheck(attrs, name, string_of(t->attrs[i].value));
        free(name);
    }
    token = json_pack("[s,o,o]", "StartTag", string_of(t->name), attrs);
    if (t->self_closing)
        json_array_append_new(token, json_true());
    return token;
}

static json_t *string_or_null(bool has, struct str s) {
    return has ? string_of(s) : json_null();
}

static bool put_token(void *arg, const struct html_token *t) {
    json_t *tokens = arg;

    switch (t->kind) {
    case HTML_TEXT:
        put_text(tokens, t->text);
        break;
    case HTML_START_TAG:
        json_array_append_new(tokens, start_tag(t));
        break;
    case HTML_END_TAG:
        json_array_append_new(tokens, json_pack("[s,o]", "EndTag", string_of(t->name)));
        break;
    case HTML_COMMENT:
        json_array_append_new(tokens, json_pack("[s,o]", "Comment", string_of(t->text)));
        break;
    case HTML_DOCTYPE:
        json_array_append_new(
            tokens, json_pack("[s,o,o,o,b]", "DOCTYPE", string_or_null(t->has_name, t->name),
                              string_or_null(t->has_public_id, t->public_id),
                              string_or_null(t->has_system_id, t->system_id), !t->force_quirks));
        break;
    }
    return true;
}

static json_t *tokens_of(struct str input, enum html_start start, struct str last_tag,
                         size_t step) {
    json_t *tokens = json_array();
    struct html_options o = {
        .token = put_token, .arg = tokens, .wants_text = true, .wants_comments = true};
    OWNED(html) struct html *h = html_new(&o);

    html_start_in(h, start, last_tag);
    for (size_t at = 0; at < input.len; at += step)
        if (html_feed(h, str_upto(str_from(input, at), step)) != ERR_OK)
            abort();
    if (html_finish(h) != ERR_OK)
        abort();
    return tokens;
}

/* --- "doubleEscaped": \uXXXX is written out in strings */

static unsigned hex4(const char *p) {
    unsigned value = 0;

    for (int i = 0; i < 4; i++)
        value = value << 4 | (unsigned)ascii_hex(p[i]);
    return value;
}

/* As UTF-8 would be if it had surrogates: the tokeniser must pass them through. */
static void put_code_unit(struct buf *b, unsigned c) {
    char bytes[] = {(char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3f)),
                    (char)(0x80 | (c & 0x3f))};

    if (c >= 0xd800 && c <= 0xdfff ? buf_put(b, str_at(bytes, 3)) : utf8_put(b, c))
        abort();
}

static json_t *unescaped(json_t *string) {
    struct str s = str_at(json_string_value(string), json_string_length(string));
    struct buf b = BUF_INIT(1 << 20);
    json_t *result;

    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\\' && i + 5 < s.len && s.ptr[i + 1] == 'u') {
            put_code_unit(&b, hex4(s.ptr + i + 2));
            i += 5;
        } else if (buf_put_char(&b, s.ptr[i])) {
            abort();
        }
    }
    result = string_of(buf_str(&b));
    buf_done(&b);
    return result;
}

static json_t *unescaped_tokens(json_t *tokens) {
    json_t *result = json_array(), *token, *part;
    size_t i, j;

    json_array_foreach(tokens, i, token) {
        json_t *copy = json_array();

        json_array_foreach(token, j, part) {
            json_array_append_new(copy, json_is_string(part) ? unescaped(part) : json_incref(part));
        }
        json_array_append_new(result, copy);
    }
    return result;
}

/* --- cases */

static const struct {
    const char *name;
    enum html_start start;
} starts[] = {{"Data state", HTML_START_DATA},          {"PLAINTEXT state", HTML_START_PLAINTEXT},
              {"RCDATA state", HTML_START_RCDATA},      {"RAWTEXT state", HTML_START_RAWTEXT},
              {"Script data state", HTML_START_SCRIPT}, {"CDATA section state", HTML_START_CDATA}};

static enum html_start start_of(const char *name) {
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strcmp(starts[i].name, name) == 0)
            return starts[i].start;
    printf("unknown state %s\n", name);
    exit(1);
}

static void check_run(json_t *test, struct str input, json_t *wanted, const char *state,
                      size_t step) {
    const char *last = json_string_value(json_object_get(test, "lastStartTag"));
    json_t *got = tokens_of(input, start_of(state), str_of(last), step);

    n_runs++;
    if (!json_equal(got, wanted)) {
        char *wanted_text = json_dumps(wanted, JSON_ENCODE_ANY);
        char *got_text = json_dumps(got, JSON_ENCODE_ANY);

        n_failed++;
        printf("FAILED %s (%s, by %zu)\n  wanted %s\n  got    %s\n",
               json_string_value(json_object_get(test, "description")), state, step,
               wanted_text ? wanted_text : "?", got_text ? got_text : "?");
        free(wanted_text);
        free(got_text);
    }
    json_decref(got);
}

static void check_case(json_t *test) {
    bool escaped = json_is_true(json_object_get(test, "doubleEscaped"));
    json_t *input = json_object_get(test, "input"), *output = json_object_get(test, "output");
    json_t *states = json_object_get(test, "initialStates"), *state;
    struct str bytes;
    size_t i;

    input = escaped ? unescaped(input) : json_incref(input);
    output = escaped ? unescaped_tokens(output) : json_incref(output);
    states = states ? json_incref(states) : json_pack("[s]", "Data state");
    bytes = str_at(json_string_value(input), json_string_length(input));
    json_array_foreach(states, i, state) {
        check_run(test, bytes, output, json_string_value(state), SIZE_MAX / 2);
        check_run(test, bytes, output, json_string_value(state), 1);
    }
    n_cases++;
    json_decref(states);
    json_decref(output);
    json_decref(input);
}

static void check_file(const char *path) {
    json_error_t error;
    json_t *file = json_load_file(path, JSON_ALLOW_NUL, &error), *test;
    size_t i;

    if (!file) {
        printf("%s: %s\n", path, error.text);
        exit(1);
    }
    json_array_foreach(json_object_get(file, "tests"), i, test) {
        check_case(test);
    }
    n_excluded += (unsigned)json_array_size(json_object_get(file, "xmlViolationTests"));
    json_decref(file);
}

int main(void) {
    char folder[4096], path[4096 + 256];
    struct dirent *entry;
    DIR *dir;

    outside_need("html5lib-tests/tokenizer", folder, sizeof folder);
    dir = opendir(folder);
    while (dir && (entry = readdir(dir))) {
        if (!str_ends(str_of(entry->d_name), STR(".test")))
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        check_file(path);
    }
    if (dir)
        closedir(dir);
    printf("%u cases in %u runs, %u failed; %u excluded (xmlViolation.test: output coerced to what "
           "XML can say, which nothing here writes)\n",
           n_cases, n_runs, n_failed, n_excluded);
    return n_failed || n_cases < 6000;
}
