#include "tasks/file-record.h"

#include "tasks/attributes.h"

/* The attributes take 60 bytes beside the link's target. */
#define RECORD_BYTES (4 + 4 + PATH_BYTES + 60 + PATH_BYTES)

int put_file_record(struct output *output, const struct file_record *file,
                    const struct stat *status, struct fault *fault) {
    uint8_t bytes[RECORD_BYTES];
    struct writer record = write_into(bytes, sizeof bytes);
    put_u32(&record, 0);
    put_text(&record, file->told_as);
    put_attributes(&record, status, file->folder, file->name);
    set_u32(bytes, (uint32_t)written(&record) - 4);
    return output_put(output, bytes, written(&record), fault);
}
