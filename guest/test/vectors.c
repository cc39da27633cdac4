/* Holds the frame code to the vectors that the TypeScript side is held to as well. */
#include <string.h>

#include "agent/exec.h"
#include "test/check.h"
#include "wire/bytes.h"
#include "wire/frame.h"

#define BYTES_MAX 400000

struct bytes {
    size_t length;
    uint8_t at[BYTES_MAX];
};

/* Parts joined by "+", each of them hexadecimal digits or "HH*COUNT"; "-" is nothing. */
static void parse_bytes(const char *text, struct bytes *bytes) {
    bytes->length = 0;
    if (strcmp(text, "-") == 0) return;
    while (*text != '\0') {
        unsigned value;
        unsigned count = 1;
        CHECK(sscanf(text, "%2x", &value) == 1);
        text += 2;
        if (*text == '*') count = (unsigned)strtoul(text + 1, (char **)(uintptr_t)&text, 10);
        if (*text == '+') text++;
        CHECK(bytes->length + count <= BYTES_MAX);
        memset(bytes->at + bytes->length, (int)value, count);
        bytes->length += count;
    }
}

static void check_frame(char **fields) {
    static struct bytes payload, expected;
    static uint8_t built[FRAME_MAX];
    uint32_t tag = (uint32_t)strtoul(fields[0], NULL, 16);
    parse_bytes(fields[5], &payload);
    parse_bytes(fields[6], &expected);
    struct frame frame = {.type = (uint8_t)strtoul(fields[1], NULL, 16),
                          .channel = (uint8_t)strtoul(fields[2], NULL, 10),
                          .flags = (uint16_t)strtoul(fields[3], NULL, 10),
                          .stream = (uint32_t)strtoul(fields[4], NULL, 10),
                          .length = (uint32_t)payload.length};
    memcpy(built + HEADER_BYTES, payload.at, payload.length);
    CHECK(frame_seal(built, &frame, tag) == expected.length);
    CHECK(memcmp(built, expected.at, expected.length) == 0);
}

static void check_welcome(char **fields) {
    static struct bytes nonce, expected;
    uint8_t built[HELLO_BYTES];
    struct hello hello = {.tag = (uint32_t)strtoul(fields[1], NULL, 16)};
    parse_bytes(fields[2], &nonce);
    parse_bytes(fields[3], &expected);
    memcpy(hello.nonce, nonce.at, NONCE_BYTES);
    welcome_write(built, &hello, (uint16_t)strtoul(fields[0], NULL, 10));
    CHECK(expected.length == HELLO_BYTES);
    CHECK(memcmp(built, expected.at, HELLO_BYTES) == 0);
}

#define EVENTS_MAX 4096

static void note(char *events, enum parsed parsed, const struct frame *frame,
                 const struct hello *hello) {
    char event[64] = "nonsense";
    if (parsed == PARSED_HELLO) (void)snprintf(event, sizeof event, "hello:%x", hello->tag);
    if (parsed == PARSED_FRAME) {
        (void)snprintf(event, sizeof event, "frame:%x:%u:%u", frame->type, frame->stream,
                       frame->length);
    }
    size_t fill = strlen(events);
    (void)snprintf(events + fill, EVENTS_MAX - fill, "%s%s", fill > 0 ? "," : "", event);
}

/* However the bytes are cut, the same comes out. */
static void check_parse(char **fields) {
    static struct bytes input;
    static struct parser parser;
    parse_bytes(fields[0], &input);
    static const size_t CUTS[] = {1, 7, 4096, BYTES_MAX};
    for (size_t cut = 0; cut < sizeof CUTS / sizeof CUTS[0]; cut++) {
        char events[EVENTS_MAX] = "";
        size_t at = 0;
        parser_reset(&parser);
        for (;;) {
            struct frame frame;
            struct hello hello;
            enum parsed parsed = parser_next(&parser, &frame, &hello);
            if (parsed != PARSED_NOTHING) {
                note(events, parsed, &frame, &hello);
                continue;
            }
            if (at == input.length) break;
            size_t room;
            uint8_t *target = parser_room(&parser, &room);
            size_t part = input.length - at;
            if (part > CUTS[cut]) part = CUTS[cut];
            if (part > room) part = room;
            memcpy(target, input.at + at, part);
            parser_added(&parser, part);
            at += part;
        }
        CHECK(strcmp(events, fields[1]) == 0);
    }
}

static const char *unless_dash(const char *text) {
    return strcmp(text, "-") == 0 ? "" : text;
}

static void check_list(char **list, const char *joined) {
    char text[1000] = "";
    for (; *list != NULL; list++) {
        if (text[0] != '\0') strcat(text, ",");
        strcat(text, *list);
    }
    CHECK(strcmp(text, unless_dash(joined)) == 0);
}

static void check_exec(char **fields) {
    static struct bytes input;
    struct exec_plan plan;
    struct fault fault = {0};
    parse_bytes(fields[9], &input);
    struct reader reader = read_from(input.at, input.length);
    CHECK(exec_plan_read(&plan, &reader, &fault) == 0);
    CHECK(plan.flags == strtoul(fields[0], NULL, 10));
    CHECK(plan.rows == strtoul(fields[1], NULL, 10));
    CHECK(plan.columns == strtoul(fields[2], NULL, 10));
    CHECK(plan.windows.output == strtoul(fields[3], NULL, 10));
    CHECK(plan.windows.errors == strtoul(fields[4], NULL, 10));
    CHECK(strcmp(plan.user, unless_dash(fields[5])) == 0);
    CHECK(strcmp(plan.folder, unless_dash(fields[6])) == 0);
    check_list(plan.argv, fields[7]);
    check_list(plan.env, fields[8]);
    exec_plan_free(&plan);
    /* Cut anywhere, it is refused and nothing beyond it is read. */
    for (size_t length = 0; length < input.length; length++) {
        uint8_t *cut = malloc(length + 1);
        CHECK(cut != NULL);
        memcpy(cut, input.at, length);
        reader = read_from(cut, length);
        CHECK(exec_plan_read(&plan, &reader, &fault) != 0);
        free(cut);
    }
}

static const struct kind {
    const char *name;
    size_t fields;
    void (*check)(char **fields);
} KINDS[] = {
    {"frame", 7, check_frame},
    {"welcome", 4, check_welcome},
    {"parse", 2, check_parse},
    {"exec", 10, check_exec},
};

static bool check_line(char *line) {
    char *words[16];
    size_t count = 0;
    for (char *word = strtok(line, " \n"); word != NULL && count < 16; word = strtok(NULL, " \n")) {
        words[count++] = word;
    }
    for (size_t at = 0; at < sizeof KINDS / sizeof KINDS[0]; at++) {
        if (count < 2 || strcmp(KINDS[at].name, words[0]) != 0) continue;
        fprintf(stderr, "%s %s\n", words[0], words[1]);
        CHECK(count == KINDS[at].fields + 2);
        KINDS[at].check(words + 2);
        return true;
    }
    return false;
}

int main(int argc, char **argv) {
    static char line[65536];
    size_t checked = 0;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) checked += check_line(line) ? 1 : 0;
    fclose(file);
    CHECK(checked >= 10);
    return 0;
}
