CREATE TABLE "account" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"username" text,
	"name" text,
	"program_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "connection" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"workspace_id" uuid NOT NULL,
	"account_id" text NOT NULL,
	"route" text NOT NULL,
	"node_id" text NOT NULL,
	"graph_url" text,
	"graph_version" text,
	"token" text NOT NULL,
	"app_secret" text,
	"verify_token" text,
	"status" text DEFAULT 'active' NOT NULL,
	"status_reason" text,
	"is_sandbox" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "program" (
	"account_id" text NOT NULL,
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"settings" jsonb NOT NULL,
	"deployments" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "conversation" (
	"account_id" text NOT NULL,
	"igsid" text NOT NULL,
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"workspace_id" uuid NOT NULL,
	"hold" text DEFAULT 'bot' NOT NULL,
	"run_flow" text,
	"run_version" integer,
	"last_person_at" timestamp with time zone,
	"last_message_at" timestamp with time zone,
	"unanswered" boolean DEFAULT false NOT NULL,
	"needs_attention" boolean DEFAULT false NOT NULL,
	"version" integer DEFAULT 0 NOT NULL,
	"state" jsonb NOT NULL,
	"created_at" timestamp with time zone NOT NULL,
	CONSTRAINT "conversation_account_id_igsid_pk" PRIMARY KEY("account_id","igsid")
);
--> statement-breakpoint
CREATE TABLE "message" (
	"account_id" text NOT NULL,
	"igsid" text NOT NULL,
	"seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "message_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"workspace_id" uuid NOT NULL,
	"author" jsonb NOT NULL,
	"content" jsonb NOT NULL,
	"mid" text,
	"status" text NOT NULL,
	"reason" text,
	"client_id" text,
	"at" timestamp with time zone NOT NULL,
	"edited_at" timestamp with time zone,
	"delivered_at" timestamp with time zone,
	"seen_at" timestamp with time zone,
	CONSTRAINT "message_account_id_igsid_seq_pk" PRIMARY KEY("account_id","igsid","seq")
);
--> statement-breakpoint
CREATE TABLE "deployment" (
	"account_id" text NOT NULL,
	"flow_id" text NOT NULL,
	"workspace_id" uuid NOT NULL,
	"version" integer NOT NULL,
	"position" integer NOT NULL,
	CONSTRAINT "deployment_account_id_flow_id_pk" PRIMARY KEY("account_id","flow_id")
);
--> statement-breakpoint
CREATE TABLE "flow" (
	"id" text PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"name" text NOT NULL,
	"draft" jsonb NOT NULL,
	"draft_revision" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "flow_version" (
	"flow_id" text NOT NULL,
	"version" integer NOT NULL,
	"workspace_id" uuid NOT NULL,
	"document" jsonb NOT NULL,
	"note" text,
	"published_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "flow_version_flow_id_version_pk" PRIMARY KEY("flow_id","version")
);
--> statement-breakpoint
CREATE TABLE "account_budget" (
	"account_id" text PRIMARY KEY NOT NULL,
	"workspace_id" uuid NOT NULL,
	"paused_until" timestamp with time zone,
	"reason" text
);
--> statement-breakpoint
CREATE TABLE "dead_letter" (
	"account_id" text NOT NULL,
	"igsid" text NOT NULL,
	"event_id" bigint NOT NULL,
	"workspace_id" uuid NOT NULL,
	"error" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"resolved_at" timestamp with time zone,
	CONSTRAINT "dead_letter_account_id_igsid_event_id_pk" PRIMARY KEY("account_id","igsid","event_id")
);
--> statement-breakpoint
CREATE TABLE "delivery" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "delivery_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"account_id" text,
	"workspace_id" uuid,
	"received_at" timestamp with time zone NOT NULL,
	"verdict" text NOT NULL,
	"reason" text NOT NULL,
	"body" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "inbound_event" (
	"account_id" text NOT NULL,
	"igsid" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "inbound_event_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"workspace_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"payload" jsonb NOT NULL,
	"meta_time" timestamp with time zone,
	"at" timestamp with time zone NOT NULL,
	"chance" bigint NOT NULL,
	"applied_at" timestamp with time zone,
	"program_id" text,
	"decided" jsonb,
	CONSTRAINT "inbound_event_account_id_igsid_id_pk" PRIMARY KEY("account_id","igsid","id")
);
--> statement-breakpoint
CREATE TABLE "job" (
	"account_id" text NOT NULL,
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"workspace_id" uuid NOT NULL,
	"igsid" text,
	"kind" text NOT NULL,
	"payload" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"run_at" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"last_error" text,
	CONSTRAINT "job_account_id_id_pk" PRIMARY KEY("account_id","id")
);
--> statement-breakpoint
CREATE TABLE "lane" (
	"account_id" text NOT NULL,
	"igsid" text NOT NULL,
	"workspace_id" uuid NOT NULL,
	"applied_id" bigint DEFAULT 0 NOT NULL,
	"run_at" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"parked_reason" text,
	CONSTRAINT "lane_account_id_igsid_pk" PRIMARY KEY("account_id","igsid")
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"account_id" text NOT NULL,
	"igsid" text NOT NULL,
	"out_seq" integer NOT NULL,
	"workspace_id" uuid NOT NULL,
	"event_id" bigint NOT NULL,
	"effect_ix" integer NOT NULL,
	"message_id" uuid NOT NULL,
	"author" jsonb NOT NULL,
	"run" text,
	"message" jsonb NOT NULL,
	"fingerprint" text NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"resends" integer DEFAULT 0 NOT NULL,
	"mid" text,
	"echo_mid" text,
	"is_withdrawn" boolean DEFAULT false NOT NULL,
	"claimed_at" timestamp with time zone,
	"unknown_since" timestamp with time zone,
	"settled_at" timestamp with time zone,
	"reason" text,
	CONSTRAINT "outbox_account_id_igsid_out_seq_pk" PRIMARY KEY("account_id","igsid","out_seq")
);
--> statement-breakpoint
CREATE TABLE "seen" (
	"account_id" text NOT NULL,
	"dedupe_key" text NOT NULL,
	"workspace_id" uuid NOT NULL,
	CONSTRAINT "seen_account_id_dedupe_key_pk" PRIMARY KEY("account_id","dedupe_key")
);
--> statement-breakpoint
CREATE TABLE "send_lane" (
	"account_id" text NOT NULL,
	"igsid" text NOT NULL,
	"workspace_id" uuid NOT NULL,
	"next_out" integer DEFAULT 1 NOT NULL,
	"done_out" integer DEFAULT 0 NOT NULL,
	"send_at" timestamp with time zone,
	CONSTRAINT "send_lane_account_id_igsid_pk" PRIMARY KEY("account_id","igsid")
);
--> statement-breakpoint
CREATE TABLE "timer" (
	"account_id" text NOT NULL,
	"igsid" text NOT NULL,
	"timer_id" text NOT NULL,
	"workspace_id" uuid NOT NULL,
	"generation" integer NOT NULL,
	"due" timestamp with time zone NOT NULL,
	CONSTRAINT "timer_account_id_igsid_timer_id_pk" PRIMARY KEY("account_id","igsid","timer_id")
);
--> statement-breakpoint
CREATE TABLE "api_key" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"workspace_id" uuid NOT NULL,
	"name" text NOT NULL,
	"key_hash" text NOT NULL,
	"role" text NOT NULL,
	"created_by" uuid,
	"last_used_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "app_clock" (
	"id" integer PRIMARY KEY NOT NULL,
	"offset_ms" bigint DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE TABLE "member" (
	"workspace_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "member_workspace_id_user_id_pk" PRIMARY KEY("workspace_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "user" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"email" text NOT NULL,
	"name" text NOT NULL,
	"password_hash" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "user_email_unique" UNIQUE("email")
);
--> statement-breakpoint
CREATE TABLE "worker_heartbeat" (
	"id" text PRIMARY KEY NOT NULL,
	"seen_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "workspace" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"settings" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "account" ADD CONSTRAINT "account_workspace_id_workspace_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspace"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "connection" ADD CONSTRAINT "connection_workspace_id_workspace_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspace"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "connection" ADD CONSTRAINT "connection_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "program" ADD CONSTRAINT "program_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "program" ADD CONSTRAINT "program_workspace_id_workspace_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspace"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deployment" ADD CONSTRAINT "deployment_account_id_account_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."account"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deployment" ADD CONSTRAINT "deployment_flow_id_flow_id_fk" FOREIGN KEY ("flow_id") REFERENCES "public"."flow"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "deployment" ADD CONSTRAINT "deployment_workspace_id_workspace_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspace"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flow" ADD CONSTRAINT "flow_workspace_id_workspace_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspace"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flow_version" ADD CONSTRAINT "flow_version_flow_id_flow_id_fk" FOREIGN KEY ("flow_id") REFERENCES "public"."flow"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "flow_version" ADD CONSTRAINT "flow_version_workspace_id_workspace_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspace"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_workspace_id_workspace_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspace"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_key" ADD CONSTRAINT "api_key_created_by_user_id_fk" FOREIGN KEY ("created_by") REFERENCES "public"."user"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "member" ADD CONSTRAINT "member_workspace_id_workspace_id_fk" FOREIGN KEY ("workspace_id") REFERENCES "public"."workspace"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "member" ADD CONSTRAINT "member_user_id_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "account_workspace" ON "account" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "connection_account" ON "connection" USING btree ("account_id");--> statement-breakpoint
CREATE INDEX "connection_workspace" ON "connection" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "program_account" ON "program" USING btree ("account_id");--> statement-breakpoint
CREATE UNIQUE INDEX "conversation_id" ON "conversation" USING btree ("id");--> statement-breakpoint
CREATE INDEX "conversation_recent" ON "conversation" USING btree ("workspace_id","last_message_at" DESC NULLS LAST);--> statement-breakpoint
CREATE INDEX "conversation_run" ON "conversation" USING btree ("account_id","run_flow") WHERE run_flow is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "message_id" ON "message" USING btree ("account_id","id");--> statement-breakpoint
CREATE INDEX "message_mid" ON "message" USING btree ("account_id","mid") WHERE mid is not null;--> statement-breakpoint
CREATE INDEX "deployment_workspace" ON "deployment" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "flow_workspace" ON "flow" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "flow_version_workspace" ON "flow_version" USING btree ("workspace_id");--> statement-breakpoint
CREATE INDEX "job_run_at" ON "job" USING btree ("run_at") WHERE run_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "job_profile" ON "job" USING btree ("account_id","igsid") WHERE kind = 'profile';--> statement-breakpoint
CREATE INDEX "lane_run_at" ON "lane" USING btree ("run_at") WHERE run_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "outbox_effect" ON "outbox" USING btree ("account_id","igsid","event_id","effect_ix");--> statement-breakpoint
CREATE UNIQUE INDEX "outbox_mid" ON "outbox" USING btree ("account_id","mid") WHERE mid is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "outbox_message" ON "outbox" USING btree ("account_id","message_id");--> statement-breakpoint
CREATE INDEX "send_lane_send_at" ON "send_lane" USING btree ("send_at") WHERE send_at is not null;--> statement-breakpoint
CREATE INDEX "timer_due" ON "timer" USING btree ("due");--> statement-breakpoint
CREATE UNIQUE INDEX "api_key_hash" ON "api_key" USING btree ("key_hash");--> statement-breakpoint
CREATE INDEX "api_key_workspace" ON "api_key" USING btree ("workspace_id");