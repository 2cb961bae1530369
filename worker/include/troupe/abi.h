/* The C ABI between a worker and an application module (a shared object).
 *
 * A module exports exactly one symbol, `troupe_module_open`; the host exports nothing: every call goes through one of
 * the two tables below. Nothing of C++ crosses: no exception, no standard library object, no virtual table. Every table
 * starts with its own size, so that either side may be built with a later header of the same TROUPE_ABI_VERSION, whose
 * tables only ever grow at their end.
 *
 * Terms cross in Erlang's External Term Format. Only inside the host's own image does `native` carry the object itself.
 * All pointers handed over are borrowed for the length of the call. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TROUPE_ABI_VERSION 3u
#define TROUPE_MODULE_MAGIC 0x4d505254u /* "TRPM" */
#define TROUPE_MODULE_SYMBOL "troupe_module_open"

/* As troupe::Pid and troupe::Reference. */
typedef struct troupe_pid {
  uint32_t node, creation, id, serial;
} troupe_pid;

typedef struct troupe_reference {
  uint32_t node, creation, word_count, words[5];
} troupe_reference;

/* UTF-8 or bytes; not terminated. */
typedef struct troupe_text {
  const char* data;
  size_t size;
} troupe_text;

typedef struct troupe_term {
  const void* native; /* const troupe::Term*, or null: then `etf`. */
  troupe_text etf;
} troupe_term;

/* How a function hands a term back: it calls `take` once, or not at all when there is none. */
typedef struct troupe_term_sink {
  void* context;
  void (*take)(void* context, const troupe_term* term);
} troupe_term_sink;

typedef struct troupe_text_sink {
  void* context;
  void (*take)(void* context, troupe_text text);
} troupe_text_sink;

/* One type of message as one image sees it: its address is the type's identity, so two images never share a type. */
typedef struct troupe_message_type {
  uint32_t struct_size;
  uint32_t value_size;
  uint32_t value_align;      /* At most 16. */
  uint32_t trivially_copied; /* Moving a value leaves it readable. */
  const void* image;
  void (*destroy)(void* value); /* Null when there is nothing to do. */
  void (*to_term)(const void* value, troupe_term_sink sink);
  void (*tag)(troupe_text_sink sink); /* "add_item" */
} troupe_message_type;

/* `pid` when `name.data` is null, else a registered name on `node` (null: this node). */
typedef struct troupe_destination {
  troupe_pid pid;
  troupe_text name;
  troupe_text node;
} troupe_destination;

/* The caller of a request: Erlang's From = {Pid, Tag}. */
typedef struct troupe_caller {
  troupe_pid pid;
  troupe_reference reference; /* When `tag` is absent. */
  uint32_t has_tag;
  troupe_term tag; /* Another node's tag, echoed as it came. */
} troupe_caller;

enum {
  TROUPE_MESSAGE = 0,     /* type + value, or term; caller when a request */
  TROUPE_EXIT = 1,        /* pid, term = reason: {'EXIT', Pid, Reason} */
  TROUPE_DOWN = 2,        /* pid (or name, node), reference, term = reason */
  TROUPE_NODE_UP = 3,     /* node */
  TROUPE_NODE_DOWN = 4,   /* node, term = reason */
  TROUPE_TIMEOUT = 5,     /* number = timer */
  TROUPE_RESPONSE = 6,    /* number = request; request_type; status 0: type + value or term; 1: term = reason */
  TROUPE_IDLE_TIMEOUT = 7 /* After `idle_timeout`, when nothing came. */
};

typedef struct troupe_delivery {
  uint32_t kind;
  uint32_t status; /* Of a response: above. Of a message: 1 for a system request to a suspended process. */
  const troupe_message_type* type; /* Null: the message is `term`. */
  void* value;                     /* May be moved from; the host destroys it. */
  const troupe_caller* caller;     /* Null when no reply is wanted. */
  troupe_term term;
  troupe_pid pid;
  troupe_reference reference;
  troupe_text name;
  troupe_text node;
  uint64_t number;
  const troupe_message_type* request_type;
} troupe_delivery;

/* What a class's `handle` answers. */
enum {
  TROUPE_HANDLED = 0,
  TROUPE_FAILED = 1,         /* fail() was called: the process ends. */
  TROUPE_NOT_UNDERSTOOD = 2, /* Counted, logged and dropped by the host. */
  TROUPE_KEPT = 3            /* Stays in the mailbox, in order, until `take_kept` takes it. */
};

/* Which of the messages that it has kept a process may want. */
typedef struct troupe_pattern {
  uint32_t struct_size;
  uint32_t kinds;                          /* 1 << TROUPE_DOWN and so on: all of that kind. */
  const troupe_message_type* const* types; /* Messages of these, and terms with their tag. */
  size_t type_count;
  uint64_t response; /* Of the responses only this request's; 0: all. */
} troupe_pattern;

enum {
  TROUPE_CLASS_TRAPS_EXITS = 1u,         /* Has handle(Exit). */
  TROUPE_CLASS_HANDLES_PARENT_EXIT = 2u, /* Else an exit of the parent ends it, as it ends a gen_server. */
  TROUPE_CLASS_SYSTEM = 4u,              /* Part of the runtime: not counted among the user's processes. */
  TROUPE_CLASS_SUPERVISOR = 8u           /* Answers which_children. */
};

typedef struct troupe_process_class {
  uint32_t struct_size;
  uint32_t flags;
  const void* image;
  troupe_text name;
  size_t state_size;
  size_t state_align; /* At most 64. */
  /* Constructs the state from start arguments, a map. 0, or 1 after fail(). */
  int (*start)(void* state, const troupe_term* arguments);
  void (*destroy)(void* state);
  int (*handle)(void* state, const troupe_delivery* delivery);
  void (*terminate)(void* state, const troupe_term* reason); /* May be null. */
  int (*save)(const void* state, troupe_term_sink sink);     /* May be null. */
  /* May be null; constructs the state from what `save` of a class of that version gave. */
  int (*load)(void* state, const troupe_term* saved, troupe_text from_version);
  void (*shrink)(void* state); /* May be null; when it hibernates. */
} troupe_process_class;

/* OTP's process_flag(priority, ...). */
enum { TROUPE_PRIORITY_HIGH = 0, TROUPE_PRIORITY_NORMAL = 1, TROUPE_PRIORITY_LOW = 2 };

enum { TROUPE_SPAWN_LINK = 1u, TROUPE_SPAWN_MONITOR = 2u };

typedef struct troupe_spawn {
  uint32_t struct_size;
  uint32_t flags;
  const troupe_process_class* process_class;
  int (*construct)(void* state, void* context); /* 0, or 1 after fail(). */
  void* context;
  troupe_text name;              /* Registered under it when not empty. */
  uint32_t mailbox_messages_max; /* 0: the host's default. */
  uint32_t priority;             /* TROUPE_PRIORITY_... */
  uint64_t mailbox_bytes_max;    /* 0: the host's default. */
  uint32_t mailbox_policy;       /* TROUPE_MAILBOX_...; read when `struct_size` covers it. */
} troupe_spawn;

/* What becomes of a message that finds the mailbox full. */
enum {
  TROUPE_MAILBOX_REFUSE = 0,
  TROUPE_MAILBOX_DROP_NEWEST = 1,
  TROUPE_MAILBOX_DROP_OLDEST = 2,
  TROUPE_MAILBOX_EXIT = 3
};

enum { TROUPE_SENT = 0, TROUPE_FULL = 1, TROUPE_NAME_NOT_FOUND = 2, TROUPE_UNREACHABLE = 3 };

/* What the host offers. Callable from any thread; `self` and the like answer "none" outside a process. */
typedef struct troupe_host {
  uint32_t struct_size;
  uint32_t abi_version;
  const void* native_image; /* The image that may use `native` terms. */

  /* A value is built in place in memory from `message_new`, then given away by one of the calls that take `value`. */
  void* (*message_new)(const troupe_message_type* type);
  void (*message_discard)(void* value); /* Without running its destructor. */
  int (*send_value)(const troupe_destination* to, void* value);
  int (*send_to_pid)(troupe_pid to, void* value); /* send_value's short way. */
  int (*send_term)(const troupe_destination* to, const troupe_term* term);
  /* `value` null: the request is `term`. Returns the request's number; the answer is always delivered. */
  uint64_t (*send_request)(const troupe_destination* to, const troupe_message_type* type, void* value,
                           const troupe_term* term, int64_t timeout_ns);
  int (*reply_value)(const troupe_caller* to, void* value);
  int (*reply_term)(const troupe_caller* to, const troupe_term* term);
  uint64_t (*send_after)(int64_t delay_ns, const troupe_destination* to, void* value);
  uint64_t (*start_timer)(int64_t delay_ns); /* TROUPE_TIMEOUT to self. */
  int (*cancel_timer)(uint64_t timer);       /* 1 when it had not fired. */

  troupe_pid (*self)(void);
  troupe_pid (*parent)(void);
  /* Not valid when the table is full or memory short: `reference` of the monitor when asked for. */
  troupe_pid (*spawn)(const troupe_spawn* options, troupe_reference* monitor);
  void (*link)(troupe_pid pid);
  void (*unlink)(troupe_pid pid);
  troupe_reference (*monitor)(const troupe_destination* to);
  void (*demonitor)(troupe_reference reference);
  void (*exit_process)(troupe_pid pid, const troupe_term* reason);
  /* Sets the reason with which the running process ends once its callback returns. Null: normal. */
  void (*fail)(const troupe_term* reason, int crash);
  int (*trap_exits)(int on);         /* Returns the former setting. */
  int (*set_priority)(int priority); /* Likewise; TROUPE_PRIORITY_... */
  void (*hand_over)(void);           /* The running callback is about to block its thread. */
  int (*register_name)(troupe_text name, troupe_pid pid);
  int (*unregister_name)(troupe_text name);
  troupe_pid (*whereis)(troupe_text name);
  void (*set_label)(troupe_text label);
  void (*monitor_nodes)(int on);
  void (*nodes)(troupe_text_sink each);
  int (*group_join)(troupe_text group);
  int (*group_leave)(troupe_text group);
  void (*group_members)(troupe_text group, void* context, void (*each)(void* context, troupe_pid member));
  void (*log)(int level, troupe_text message); /* 0 debug to 3 error */
  int64_t (*now_ns)(void);                     /* Steady; virtual in a simulation. */

  uint32_t (*intern_node_name)(troupe_text name, int* ok);
  troupe_text (*node_name)(uint32_t index);
  uint32_t (*this_creation)(void);
  /* To the head of the own queue: the next to be handled. 0 outside a process or when the queue is full. */
  int (*continue_value)(void* value);
  /* Offers what the running process has kept and `pattern` may want, oldest first, until `offer` answers
     TROUPE_HANDLED: that one is gone then. Any other answer leaves it. 0 when none was taken. */
  int (*take_kept)(const troupe_pattern* pattern, void* context,
                   int (*offer)(void* context, const troupe_delivery* delivery));
  /* Both hold until the running process is given its next message. INT64_MAX takes the timeout back. */
  void (*idle_timeout)(int64_t delay_ns);
  void (*hibernate)(void);
} troupe_host;

/* What a module offers. */
typedef struct troupe_module {
  uint32_t magic;
  uint32_t struct_size;
  uint32_t abi_version;
  uint32_t class_count;
  const void* image;
  const troupe_process_class* const* classes;
} troupe_module;

/* The one exported function. May be called with a host of another version: it then only describes itself. */
typedef const troupe_module* (*troupe_module_open_function)(const troupe_host* host);

#ifdef __cplusplus
}
#endif
