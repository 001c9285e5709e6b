/* A VA-API driver without a device: libva loads it as any GPU's (LIBVA_DRIVER_NAME=soft), and what hardware would decode,
 * FFmpeg's software does. So FFmpeg's VA-API and ours run as they do on a box, for VP8, VP9 and H.264.
 *
 * libva hands a driver a frame's header in fields and the rest as it came, so headers are written anew: VP8's first bytes
 * (RFC 6386, section 9.1), H.264's parameter sets (ITU-T H.264, 7.3.2); VP9 comes whole. While FAULT exists, decoding
 * fails, as where a GPU was reset; while HANG exists, it does not return. While TOLD exists, what FFmpeg says of each
 * frame is added to it: for each buffer its type, its length and its bytes, and before them that of the surface (BEGIN).
 */

#include <libavcodec/avcodec.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <va/va_backend.h>

#define FAULT "/run/va-fault"
#define HANG "/run/va-hang"
#define TOLD "/run/va-told"
#define BEGIN 0xffffffff
#define MOST 512
#define SIDE_MAX 4096
#define UP(value, to) (((value) + (to) - 1) / (to) * (to))

enum kind { FREE, CONFIG, CONTEXT, SURFACE, BUFFER, IMAGE };

/* Whatever has an id: its place in the table. Pixels are NV12, all rows of `pitch` bytes. */
struct thing {
    enum kind kind;
    VAProfile profile;
    VABufferType type;
    int width, height, pitch;
    size_t size;
    uint8_t *data;
    AVCodecContext *codec;
    VASurfaceID target;
    uint8_t *parameters;
    struct thing *slices[MOST][2]; /* parameters and data */
    int slice_count;
    VABufferID buffer;
};

struct state {
    struct thing things[MOST];
};

static const VAProfile profiles[] = {
    VAProfileVP8Version0_3, VAProfileVP9Profile0, VAProfileH264ConstrainedBaseline, VAProfileH264Main, VAProfileH264High,
};
static const VAImageFormat nv12 = {.fourcc = VA_FOURCC_NV12, .byte_order = VA_LSB_FIRST, .bits_per_pixel = 12};

static struct thing *at(VADriverContextP ctx, unsigned id, enum kind kind) {
    struct thing *things = ((struct state *)ctx->pDriverData)->things;
    return id < MOST && things[id].kind == kind ? &things[id] : NULL;
}

static unsigned make(VADriverContextP ctx, enum kind kind, size_t size, struct thing **made) {
    struct thing *things = ((struct state *)ctx->pDriverData)->things;
    for (unsigned id = 1; id < MOST; id++)
        if (things[id].kind == FREE) {
            *made = &things[id];
            memset(*made, 0, sizeof **made);
            (*made)->kind = kind;
            (*made)->size = size;
            (*made)->data = calloc(1, size + AV_INPUT_BUFFER_PADDING_SIZE);
            return id;
        }
    abort(); /* the client leaks */
}

static VAStatus drop(struct thing *thing) {
    if (!thing)
        return VA_STATUS_ERROR_INVALID_VALUE;
    free(thing->data);
    avcodec_free_context(&thing->codec);
    memset(thing, 0, sizeof *thing);
    return VA_STATUS_SUCCESS;
}

static VAStatus unimplemented(void) { return VA_STATUS_ERROR_UNIMPLEMENTED; }

static VAStatus terminate(VADriverContextP ctx) {
    for (unsigned id = 1; id < MOST; id++)
        drop(&((struct state *)ctx->pDriverData)->things[id]);
    free(ctx->pDriverData);
    return VA_STATUS_SUCCESS;
}

static VAStatus query_profiles(VADriverContextP ctx, VAProfile *list, int *count) {
    memcpy(list, profiles, sizeof profiles);
    *count = sizeof profiles / sizeof *profiles;
    return VA_STATUS_SUCCESS;
}

static VAStatus query_entrypoints(VADriverContextP ctx, VAProfile profile, VAEntrypoint *list, int *count) {
    *list = VAEntrypointVLD;
    *count = 1;
    return VA_STATUS_SUCCESS;
}

static VAStatus get_attributes(VADriverContextP ctx, VAProfile profile, VAEntrypoint point, VAConfigAttrib *list,
                               int count) {
    for (int i = 0; i < count; i++)
        list[i].value = list[i].type == VAConfigAttribRTFormat ? VA_RT_FORMAT_YUV420 : VA_ATTRIB_NOT_SUPPORTED;
    return VA_STATUS_SUCCESS;
}

static VAStatus create_config(VADriverContextP ctx, VAProfile profile, VAEntrypoint point, VAConfigAttrib *list,
                              int count, VAConfigID *id) {
    struct thing *config;
    *id = make(ctx, CONFIG, 0, &config);
    config->profile = profile;
    return VA_STATUS_SUCCESS;
}

static VAStatus destroy_config(VADriverContextP ctx, VAConfigID id) { return drop(at(ctx, id, CONFIG)); }

static VAStatus query_surface_attributes(VADriverContextP ctx, VAConfigID id, VASurfaceAttrib *list, unsigned *count) {
    static const struct { VASurfaceAttribType type; int value; } known[] = {
        {VASurfaceAttribPixelFormat, VA_FOURCC_NV12},
        {VASurfaceAttribMinWidth, 16}, {VASurfaceAttribMaxWidth, SIDE_MAX},
        {VASurfaceAttribMinHeight, 16}, {VASurfaceAttribMaxHeight, SIDE_MAX},
    };
    *count = sizeof known / sizeof *known;
    for (unsigned i = 0; list && i < *count; i++)
        list[i] = (VASurfaceAttrib){
            .type = known[i].type,
            .flags = VA_SURFACE_ATTRIB_GETTABLE | (i ? 0 : VA_SURFACE_ATTRIB_SETTABLE),
            .value = {.type = VAGenericValueTypeInteger, .value.i = known[i].value},
        };
    return VA_STATUS_SUCCESS;
}

static unsigned make_pixels(VADriverContextP ctx, enum kind kind, int width, int height, struct thing **made) {
    int pitch = UP(width, 64);
    unsigned id = make(ctx, kind, (size_t)pitch * UP(height, 2) * 3 / 2, made);
    (*made)->width = width;
    (*made)->height = height;
    (*made)->pitch = pitch;
    return id;
}

static VAStatus create_surfaces(VADriverContextP ctx, unsigned format, unsigned width, unsigned height,
                                VASurfaceID *ids, unsigned count, VASurfaceAttrib *list, unsigned attributes) {
    struct thing *surface;
    if (format != VA_RT_FORMAT_YUV420 || width > SIDE_MAX || height > SIDE_MAX)
        return VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT;
    for (unsigned i = 0; i < count; i++)
        ids[i] = make_pixels(ctx, SURFACE, width, height, &surface);
    return VA_STATUS_SUCCESS;
}

static VAStatus destroy_surfaces(VADriverContextP ctx, VASurfaceID *ids, int count) {
    for (int i = 0; i < count; i++)
        drop(at(ctx, ids[i], SURFACE));
    return VA_STATUS_SUCCESS;
}

static VAStatus create_context(VADriverContextP ctx, VAConfigID config, int width, int height, int flag,
                               VASurfaceID *targets, int count, VAContextID *id) {
    struct thing *context;
    VAProfile profile = at(ctx, config, CONFIG)->profile;
    enum AVCodecID codec = profile == VAProfileVP8Version0_3 ? AV_CODEC_ID_VP8
                         : profile == VAProfileVP9Profile0   ? AV_CODEC_ID_VP9
                                                             : AV_CODEC_ID_H264;
    *id = make(ctx, CONTEXT, 0, &context);
    context->profile = profile;
    context->codec = avcodec_alloc_context3(NULL);
    context->codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
    context->codec->thread_count = 1;
    return avcodec_open2(context->codec, avcodec_find_decoder(codec), NULL) ? VA_STATUS_ERROR_OPERATION_FAILED
                                                                            : VA_STATUS_SUCCESS;
}

static VAStatus destroy_context(VADriverContextP ctx, VAContextID id) { return drop(at(ctx, id, CONTEXT)); }

static VAStatus create_buffer(VADriverContextP ctx, VAContextID context, VABufferType type, unsigned size,
                              unsigned count, void *data, VABufferID *id) {
    struct thing *buffer;
    *id = make(ctx, BUFFER, (size_t)size * count, &buffer);
    buffer->type = type;
    if (data)
        memcpy(buffer->data, data, buffer->size);
    return VA_STATUS_SUCCESS;
}

static VAStatus map_buffer(VADriverContextP ctx, VABufferID id, void **data) {
    struct thing *buffer = at(ctx, id, BUFFER);
    if (!buffer)
        return VA_STATUS_ERROR_INVALID_BUFFER;
    *data = buffer->data;
    return VA_STATUS_SUCCESS;
}

static VAStatus unmap_buffer(VADriverContextP ctx, VABufferID id) { return VA_STATUS_SUCCESS; }

static VAStatus destroy_buffer(VADriverContextP ctx, VABufferID id) { return drop(at(ctx, id, BUFFER)); }

static void tell(uint32_t type, const void *data, uint32_t size) {
    FILE *file = access(TOLD, F_OK) ? NULL : fopen(TOLD, "ab");
    if (file) {
        fwrite(&type, sizeof type, 1, file);
        fwrite(&size, sizeof size, 1, file);
        fwrite(data, 1, size, file);
        fclose(file);
    }
}

static VAStatus begin(VADriverContextP ctx, VAContextID id, VASurfaceID target) {
    struct thing *context = at(ctx, id, CONTEXT);
    context->target = target;
    context->slice_count = 0;
    tell(BEGIN, &target, sizeof target);
    return VA_STATUS_SUCCESS;
}

/* Parameters of the picture, then of a slice and that slice's data, as often as there are slices. */
static VAStatus render(VADriverContextP ctx, VAContextID id, VABufferID *ids, int count) {
    struct thing *context = at(ctx, id, CONTEXT);
    for (int i = 0; i < count; i++) {
        struct thing *buffer = at(ctx, ids[i], BUFFER);
        tell(buffer->type, buffer->data, buffer->size);
        if (buffer->type == VAPictureParameterBufferType)
            context->parameters = buffer->data;
        if (buffer->type == VASliceParameterBufferType)
            context->slices[context->slice_count][0] = buffer;
        if (buffer->type == VASliceDataBufferType)
            context->slices[context->slice_count++][1] = buffer;
        if (context->slice_count == MOST)
            return VA_STATUS_ERROR_OPERATION_FAILED;
    }
    return VA_STATUS_SUCCESS;
}

/* Where a frame's bytes are put together. */
struct writer {
    uint8_t *data;
    size_t bits;
};

static void put(struct writer *to, unsigned value, int count) {
    while (count--) {
        to->data[to->bits / 8] |= (value >> count & 1) << (7 - to->bits % 8);
        to->bits++;
    }
}

static void put_ue(struct writer *to, unsigned value) {
    int length = 32 - __builtin_clz(value + 1);
    put(to, 0, length - 1);
    put(to, value + 1, length);
}

static void put_se(struct writer *to, int value) { put_ue(to, value > 0 ? 2 * value - 1 : -2 * value); }

static void put_bytes(struct writer *to, const uint8_t *data, size_t size) {
    memcpy(to->data + to->bits / 8, data, size);
    to->bits += 8 * size;
}

/* A NAL unit of a parameter set, with what keeps start codes out of it. */
static void put_unit(struct writer *to, int header, struct writer *content) {
    put(content, 1, 1);
    content->bits = UP(content->bits, 8);
    put(to, 1, 32);
    put(to, header, 8);
    for (size_t i = 0, zeros = 0; i < content->bits / 8; i++) {
        if (zeros == 2 && content->data[i] <= 3) {
            put(to, 3, 8);
            zeros = 0;
        }
        put(to, content->data[i], 8);
        zeros = content->data[i] ? 0 : zeros + 1;
    }
}

static void write_h264(struct writer *to, struct thing *context) {
    const VAPictureParameterBufferH264 *p = (const void *)context->parameters;
    const VASliceParameterBufferH264 *first = (const void *)context->slices[0][0]->data;
    uint8_t room[128] = {0}, more[128] = {0};
    struct writer sps = {room, 0}, pps = {more, 0};
    put(&sps, 100, 8); /* High has all that the others have */
    put(&sps, 0, 8);
    put(&sps, 51, 8);
    put_ue(&sps, 0);
    put_ue(&sps, p->seq_fields.bits.chroma_format_idc);
    put_ue(&sps, p->bit_depth_luma_minus8);
    put_ue(&sps, p->bit_depth_chroma_minus8);
    put(&sps, 0, 2);
    put_ue(&sps, p->seq_fields.bits.log2_max_frame_num_minus4);
    put_ue(&sps, p->seq_fields.bits.pic_order_cnt_type);
    if (p->seq_fields.bits.pic_order_cnt_type == 0)
        put_ue(&sps, p->seq_fields.bits.log2_max_pic_order_cnt_lsb_minus4);
    put_ue(&sps, p->num_ref_frames);
    put(&sps, p->seq_fields.bits.gaps_in_frame_num_value_allowed_flag, 1);
    put_ue(&sps, p->picture_width_in_mbs_minus1);
    put_ue(&sps, p->picture_height_in_mbs_minus1);
    put(&sps, p->seq_fields.bits.frame_mbs_only_flag, 1);
    if (!p->seq_fields.bits.frame_mbs_only_flag)
        put(&sps, p->seq_fields.bits.mb_adaptive_frame_field_flag, 1);
    put(&sps, p->seq_fields.bits.direct_8x8_inference_flag, 1);
    put(&sps, 0, 2); /* neither cropping nor VUI: whoever shows it knows */
    put_unit(to, 0x67, &sps);
    put_ue(&pps, 0);
    put_ue(&pps, 0);
    put(&pps, p->pic_fields.bits.entropy_coding_mode_flag, 1);
    put(&pps, p->pic_fields.bits.pic_order_present_flag, 1);
    put_ue(&pps, 0);
    put_ue(&pps, first->num_ref_idx_l0_active_minus1); /* the default, where the slice does not say otherwise */
    put_ue(&pps, first->num_ref_idx_l1_active_minus1);
    put(&pps, p->pic_fields.bits.weighted_pred_flag, 1);
    put(&pps, p->pic_fields.bits.weighted_bipred_idc, 2);
    put_se(&pps, p->pic_init_qp_minus26);
    put_se(&pps, p->pic_init_qs_minus26);
    put_se(&pps, p->chroma_qp_index_offset);
    put(&pps, p->pic_fields.bits.deblocking_filter_control_present_flag, 1);
    put(&pps, p->pic_fields.bits.constrained_intra_pred_flag, 1);
    put(&pps, p->pic_fields.bits.redundant_pic_cnt_present_flag, 1);
    put(&pps, p->pic_fields.bits.transform_8x8_mode_flag, 1);
    put(&pps, 0, 1);
    put_se(&pps, p->second_chroma_qp_index_offset);
    put_unit(to, 0x68, &pps);
}

static void write_vp8(struct writer *to, struct thing *context) {
    const VAPictureParameterBufferVP8 *p = (const void *)context->parameters;
    const VASliceParameterBufferVP8 *slice = (const void *)context->slices[0][0]->data;
    unsigned inter = p->pic_fields.bits.key_frame; /* 0: it is one */
    unsigned first = slice->partition_size[0] + (slice->macroblock_offset + 7) / 8;
    unsigned tag = inter | p->pic_fields.bits.version << 1 | 1 << 4 | first << 5;
    uint8_t header[] = {tag, tag >> 8, tag >> 16, 0x9d, 1, 0x2a,
                        p->frame_width, p->frame_width >> 8, p->frame_height, p->frame_height >> 8};
    put_bytes(to, header, inter ? 3 : sizeof header);
}

static void copy(struct thing *surface, const AVFrame *frame) {
    int width = FFMIN(surface->width, frame->width), height = FFMIN(surface->height, frame->height);
    uint8_t *chroma = surface->data + (size_t)surface->pitch * UP(surface->height, 2);
    for (int y = 0; y < height; y++)
        memcpy(surface->data + y * surface->pitch, frame->data[0] + y * frame->linesize[0], width);
    for (int y = 0; y < (height + 1) / 2; y++)
        for (int x = 0; x < (width + 1) / 2; x++) {
            chroma[y * surface->pitch + 2 * x] = frame->data[1][y * frame->linesize[1] + x];
            chroma[y * surface->pitch + 2 * x + 1] = frame->data[2][y * frame->linesize[2] + x];
        }
}

static VAStatus end(VADriverContextP ctx, VAContextID id) {
    struct thing *context = at(ctx, id, CONTEXT), *surface = at(ctx, context->target, SURFACE);
    size_t size = 512;
    for (int i = 0; i < context->slice_count; i++)
        size += context->slices[i][1]->size + 4;
    while (!access(HANG, F_OK))
        usleep(10000);
    if (!access(FAULT, F_OK) || !context->slice_count)
        return VA_STATUS_ERROR_OPERATION_FAILED;
    struct writer to = {calloc(1, size + AV_INPUT_BUFFER_PADDING_SIZE), 0};
    if (context->codec->codec_id == AV_CODEC_ID_H264)
        write_h264(&to, context);
    if (context->codec->codec_id == AV_CODEC_ID_VP8)
        write_vp8(&to, context);
    for (int i = 0; i < context->slice_count; i++) {
        if (context->codec->codec_id == AV_CODEC_ID_H264)
            put(&to, 1, 32);
        put_bytes(&to, context->slices[i][1]->data, context->slices[i][1]->size);
    }
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    packet->data = to.data;
    packet->size = to.bits / 8;
    int error = avcodec_send_packet(context->codec, packet);
    if (!error && !(error = avcodec_receive_frame(context->codec, frame)))
        copy(surface, frame);
    av_frame_free(&frame);
    av_packet_free(&packet);
    free(to.data);
    return error && error != AVERROR(EAGAIN) ? VA_STATUS_ERROR_DECODING_ERROR : VA_STATUS_SUCCESS;
}

static VAStatus sync_surface(VADriverContextP ctx, VASurfaceID id) { return VA_STATUS_SUCCESS; }

static VAStatus query_image_formats(VADriverContextP ctx, VAImageFormat *list, int *count) {
    *list = nv12;
    *count = 1;
    return VA_STATUS_SUCCESS;
}

static VAStatus create_image(VADriverContextP ctx, VAImageFormat *format, int width, int height, VAImage *image) {
    struct thing *pixels, *made;
    VABufferID buffer = make_pixels(ctx, BUFFER, width, height, &pixels);
    unsigned id = make(ctx, IMAGE, 0, &made);
    made->buffer = buffer;
    *image = (VAImage){.image_id = id, .format = nv12, .buf = buffer, .width = width, .height = height,
                       .data_size = pixels->size, .num_planes = 2, .pitches = {pixels->pitch, pixels->pitch},
                       .offsets = {0, pixels->pitch * UP(height, 2)}};
    return VA_STATUS_SUCCESS;
}

static VAStatus destroy_image(VADriverContextP ctx, VAImageID id) {
    struct thing *image = at(ctx, id, IMAGE);
    drop(at(ctx, image->buffer, BUFFER));
    return drop(image);
}

static VAStatus get_image(VADriverContextP ctx, VASurfaceID id, int x, int y, unsigned width, unsigned height,
                          VAImageID image) {
    struct thing *from = at(ctx, id, SURFACE), *to = at(ctx, at(ctx, image, IMAGE)->buffer, BUFFER);
    int rows = FFMIN(UP(from->height, 2), UP(to->height, 2));
    if (from->pitch != to->pitch || x || y)
        return VA_STATUS_ERROR_OPERATION_FAILED;
    memcpy(to->data, from->data, (size_t)rows * to->pitch);
    memcpy(to->data + to->pitch * UP(to->height, 2), from->data + from->pitch * UP(from->height, 2),
           (size_t)rows / 2 * to->pitch);
    return VA_STATUS_SUCCESS;
}

__attribute__((visibility("default"))) VAStatus __vaDriverInit_1_0(VADriverContextP ctx) {
    struct VADriverVTable *table = ctx->vtable;
    VAStatus (**slot)(void) = (void *)table;
    for (size_t i = 0; i < offsetof(struct VADriverVTable, vaBufferInfo) / sizeof *slot; i++)
        slot[i] = unimplemented; /* libva asks for all of these */
    table->vaTerminate = terminate;
    table->vaQueryConfigProfiles = query_profiles;
    table->vaQueryConfigEntrypoints = query_entrypoints;
    table->vaGetConfigAttributes = get_attributes;
    table->vaCreateConfig = create_config;
    table->vaDestroyConfig = destroy_config;
    table->vaQuerySurfaceAttributes = query_surface_attributes;
    table->vaCreateSurfaces2 = create_surfaces;
    table->vaDestroySurfaces = destroy_surfaces;
    table->vaCreateContext = create_context;
    table->vaDestroyContext = destroy_context;
    table->vaCreateBuffer = create_buffer;
    table->vaMapBuffer = map_buffer;
    table->vaUnmapBuffer = unmap_buffer;
    table->vaDestroyBuffer = destroy_buffer;
    table->vaBeginPicture = begin;
    table->vaRenderPicture = render;
    table->vaEndPicture = end;
    table->vaSyncSurface = sync_surface;
    table->vaQueryImageFormats = query_image_formats;
    table->vaCreateImage = create_image;
    table->vaDestroyImage = destroy_image;
    table->vaGetImage = get_image;
    ctx->max_profiles = sizeof profiles / sizeof *profiles;
    ctx->max_entrypoints = ctx->max_attributes = ctx->max_image_formats = ctx->max_subpic_formats = 1;
    ctx->max_display_attributes = 1;
    ctx->str_vendor = "soft: FFmpeg's software decoders";
    ctx->pDriverData = calloc(1, sizeof(struct state));
    return VA_STATUS_SUCCESS;
}
