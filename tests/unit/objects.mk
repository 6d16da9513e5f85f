# Which objects each unit test links: one line a test, paths below the build folder.
test_base_text = base/bytes.o base/buf.o base/clock.o base/utf8.o base/json.o
test_base_text_LDFLAGS = -Wl,--wrap=realloc
test_base_host = base/bytes.o base/buf.o base/utf8.o base/addr.o base/clock.o base/log.o base/syslog_line.o base/proc.o base/safe.o
test_community = agentd/sink/community.o base/addr.o base/buf.o base/bytes.o base/utf8.o
test_community_LIBS = -lcrypto
pam_parse = base/bytes.o base/buf.o base/utf8.o base/clock.o base/addr.o
test_pam_key = $(pam_parse) base/safe.o pam_module/sshkey.o base/wire.o base/base64.o
test_pam_key_LIBS = -lcrypto
test_pam_key_LDFLAGS = -Wl,--wrap=EVP_MD_CTX_new -Wl,--wrap=EVP_DigestUpdate
test_pam_parse = $(pam_parse) pam_module/options.o pam_module/authinfo.o base/base64.o \
	pam_module/connection.o pam_module/exempt.o base/wire.o
test_report =
# bytes → record → event → fact: for every test that reads records
audit_stages = base/bytes.o base/utf8.o base/buf.o base/addr.o agentd/audit/record.o agentd/audit/record_type.o \
	agentd/audit/gaps.o agentd/audit/open_event.o agentd/audit/event.o agentd/audit/syscalls.o \
	$(patsubst %,agentd/audit/%.o,argv draft fact slot)
# a ruling as an alert
alert_all = $(addprefix agentd/sink/,alert.o alert_event.o alert_process.o alert_text.o community.o session_name.o)
test_alert = tests/unit/parse_json.o tests/unit/ruling.o $(alert_all) base/addr.o base/buf.o base/bytes.o base/clock.o base/json.o base/utf8.o base/words.o
test_alert_LIBS = -lcrypto -ljansson
test_alert_LDFLAGS = -Wl,--wrap=realloc
test_question = tests/unit/ruling.o agentd/engine/question.o base/addr.o base/buf.o base/bytes.o base/utf8.o
test_record = $(audit_stages)
test_record_LIBS = -laudit
test_gaps = agentd/audit/gaps.o
test_event = $(audit_stages)
test_event_LDFLAGS = -Wl,--wrap=realloc -Wl,--wrap=calloc
test_fact = $(audit_stages)
test_cli_live = tests/unit/fake_daemon.o $(patsubst %,cli/%.o,options print client answer alert_print table session_rows cmd_status cmd_sessions cmd_session cmd_alerts cmd_allow cmd_mode cmd_order cmd_policy_live) base/addr.o base/buf.o base/bytes.o base/clock.o base/proc.o base/safe.o base/utf8.o base/words.o
test_cli_live_LIBS = -lsmartcols -ljansson
test_packaged_rules = agentd/monitor/rule.o base/bytes.o base/buf.o base/utf8.o base/safe.o
test_packaged_rules_LIBS = -laudit
test_pipeline = $(patsubst %.c,%.o,$(wildcard policy/*.c agentd/audit/*.c agentd/host/*.c agentd/detect/*.c base/*.c)) policy/grammar.o agentd/engine/pipeline.o agentd/engine/question.o agentd/engine/ruling.o
test_pipeline_LIBS = -lcrypto
test_pipeline_LDFLAGS = -Wl,--wrap=malloc,--wrap=calloc
# the model and the detectors, for facts made by hand
detect_kit = tests/unit/detect_kit.o $(patsubst %,agentd/host/%.o,account host owner parent process program records report session table usock usock_name) \
	$(patsubst %,agentd/detect/%.o,agent bridge command detect dial escape evidence fold gated hop listen login mux outbound relay ripe socket ssh_tamper unreported) \
	$(patsubst %,base/%.o,addr buf bytes clock glob utf8 words)
test_detect_dial = $(detect_kit)
test_detect_outbound = $(detect_kit)
test_glob = base/glob.o
test_words = base/words.o
test_policy_lexer = policy/lexer.o policy/diag.o policy/suggest.o base/buf.o base/utf8.o
# The whole language, for the tests that ask a policy.
policy_all = $(patsubst %,policy/%.o,arena ask build build_rule build_top compile cover diag expect explain facts grammar grant hours index keyword \
	level lexer lint load mark overlay parse print print_json question reach resolve set sieve sieve_new space suggest syntax table value) \
	$(patsubst %,base/%.o,addr buf bytes clock glob json safe utf8 words)
# signatures of policies, from the bytes to who signed
signature_all = $(patsubst %,policy/%.o,diag hours lexer pubkey pubkey_verify signature signers sigwhy sshcert sshpattern sshsig suggest) \
	$(patsubst %,base/%.o,base64 buf bytes clock safe utf8 wire)
test_signature = tests/unit/sign_kit.o $(signature_all)
test_signature_LIBS = -lcrypto
test_signature_LDFLAGS = -Wl,--wrap=calloc
test_signers = tests/unit/sign_kit.o $(signature_all)
test_signers_LIBS = -lcrypto
test_sshpattern = policy/sshpattern.o base/bytes.o
test_pubkey = tests/unit/sign_kit.o $(signature_all)
test_pubkey_LIBS = -lcrypto
test_sshcert = tests/unit/sign_kit.o $(signature_all)
test_sshcert_LIBS = -lcrypto
test_sshsig = tests/unit/sign_kit.o $(signature_all)
test_sshsig_LIBS = -lcrypto
test_wire = base/wire.o
test_detect_socket = $(detect_kit)
test_policy_set = policy/set.o policy/arena.o base/addr.o base/buf.o base/bytes.o base/glob.o base/utf8.o
test_config = agentd/config.o policy/lexer.o policy/diag.o policy/suggest.o $(patsubst %,base/%.o,buf bytes clock safe utf8)
test_detect_session = $(detect_kit)
test_detect_tamper = $(detect_kit)
test_detect_unreported = $(detect_kit)
test_detect_quiet = $(detect_kit)
test_policy_model = $(policy_all)
test_policy_sieve = $(policy_all)
test_policy_speed = tests/bench/policy_shapes.o $(policy_all)
test_allow = agentd/engine/allow.o agentd/engine/args.o base/proc.o $(policy_all)
test_allow_LIBS = -ljansson
test_rehearse = tests/unit/parse_json.o $(patsubst %,cli/%.o,rehearse_ask rehearse_count rehearse_keep tally answer print options) \
	agentd/engine/asked.o agentd/sink/session_name.o $(policy_all)
test_rehearse_LIBS = -ljansson
test_policy_level = $(policy_all)
test_cli_gates = tests/unit/fake_daemon.o policy/level.o $(patsubst %,cli/%.o,options print client answer gates) base/addr.o $(patsubst %,base/%.o,buf bytes clock proc safe utf8 words)
test_cli_gates_LIBS = -ljansson
test_policy_grant = tests/unit/grant_kit.o $(policy_all)
test_policy_granted = tests/unit/grant_kit.o $(policy_all)
test_policy_granted_LDFLAGS = -Wl,--wrap=calloc -Wl,--wrap=reallocarray
# the whole engine
engine_all = tests/unit/engine_stage.o $(patsubst %.c,%.o,$(wildcard agentd/engine/*.c agentd/sink/*.c agentd/source/*.c)) \
	$(patsubst %.c,%.o,$(wildcard agentd/audit/*.c agentd/host/*.c agentd/detect/*.c policy/*.c base/*.c)) \
	policy/grammar.o agentd/monitor/result.o
engine_libs = -levent_core -lsqlite3 -lcap-ng -lseccomp -ljansson -lcrypto
test_engine_live = $(engine_all)
test_engine_live_LIBS = $(engine_libs)
test_probe_live = $(engine_all)
test_probe_live_LIBS = $(engine_libs)
test_host_session = $(detect_kit)
test_host_process = $(detect_kit)
test_detect_chaos = $(detect_kit)
test_store = agentd/sink/store.o base/buf.o base/bytes.o base/clock.o base/utf8.o
test_store_LIBS = -lsqlite3
test_sink_files = agentd/sink/jsonl.o agentd/sink/syslog.o base/syslog_line.o base/buf.o base/bytes.o base/safe.o base/utf8.o
test_engine_parts = tests/unit/ruling.o $(patsubst %,agentd/engine/%.o,exe filter flood keep losses quota scan) base/addr.o base/buf.o base/bytes.o base/clock.o base/utf8.o base/words.o
test_engine_parts_LIBS = -lseccomp
test_engine_acts = tests/unit/ruling.o tests/unit/link_pair.o $(patsubst %,agentd/engine/%.o,act acts failures held keep link pipeline plan prepare question recent ruling spares) \
	$(patsubst %.c,%.o,$(wildcard agentd/audit/*.c agentd/host/*.c agentd/detect/*.c policy/*.c base/*.c)) \
	policy/grammar.o agentd/monitor/result.o
test_engine_acts_LIBS = -levent_core -lcrypto
test_control_live = $(engine_all)
test_control_live_LIBS = $(engine_libs)
test_policy_load = $(policy_all)
test_policy_load_LDFLAGS = -Wl,--wrap=calloc -Wl,--wrap=realloc
test_pam_gather = base/bytes.o base/buf.o base/utf8.o base/clock.o base/addr.o base/proc.o \
	pam_module/gather.o pam_module/authinfo.o pam_module/connection.o
test_pam_gather_LDFLAGS = -Wl,--wrap=getgrouplist -Wl,--wrap=sshkey_parse
test_mon_mode = agentd/monitor/mode.o agentd/monitor/keep.o base/words.o base/safe.o base/buf.o base/bytes.o base/utf8.o
test_mon_grants = $(patsubst %,agentd/monitor/%.o,rows kept lenders sound registry) \
	$(patsubst %,base/%.o,buf bytes clock log syslog_line utf8)
test_mon_registry = agentd/monitor/registry.o agentd/monitor/rate.o base/bytes.o
test_mon_connections = $(patsubst %,agentd/monitor/%.o,connections sockdiag) base/clock.o base/proc.o base/buf.o \
	base/bytes.o base/utf8.o
test_host_table = agentd/host/table.o
test_mon_rule = agentd/monitor/rule.o
test_mon_rule_LIBS = -laudit
test_mon_flow = $(patsubst %,agentd/monitor/%.o,flow sockets) $(patsubst %,base/%.o,buf bytes clock proc utf8)
test_mon_sockets = agentd/monitor/sockets.o $(patsubst %,base/%.o,buf bytes clock proc utf8)
test_mon_verb = agentd/monitor/verb.o base/words.o base/bytes.o
test_mon_verb_LIBS = -ljansson
test_mon_mount = agentd/monitor/mount.o base/safe.o base/buf.o base/bytes.o base/utf8.o
test_policy_box = $(addprefix agentd/engine/,policy_box.o policy_files.o) $(policy_all)
test_mon_kill = agentd/monitor/kill.o base/proc.o base/clock.o base/buf.o base/bytes.o base/utf8.o
test_engine_asks = tests/unit/link_pair.o $(patsubst %,agentd/engine/%.o,exe failures link owners programs quota scan worker) \
	$(patsubst %.c,%.o,$(wildcard agentd/audit/*.c agentd/host/*.c base/*.c)) agentd/monitor/result.o
test_engine_asks_LIBS = -levent_core
test_cli_table = $(patsubst %,cli/%.o,options print table) $(patsubst %,base/%.o,buf bytes clock safe utf8)
test_cli_table_LIBS = -lsmartcols
test_engine_gates = $(detect_kit) $(patsubst %,agentd/engine/%.o,failures gate_word gates seen silence span where) base/json.o
test_restraint = $(detect_kit) agentd/engine/restraint.o
test_engine_grants = tests/unit/link_pair.o $(patsubst %,agentd/engine/%.o,classes failures grant_row grants link own pipeline question round ruling) \
	$(patsubst %.c,%.o,$(wildcard agentd/audit/*.c agentd/host/*.c agentd/detect/*.c policy/*.c base/*.c)) \
	policy/grammar.o agentd/monitor/result.o
test_engine_grants_LIBS = -levent_core -lcrypto
