"""kubectl apply, create, replace, patch, edit, scale, label, annotate, diff."""

import json
import shlex

from session import KubectlTest
from suite import cluster, configmap, pod


class Apply(KubectlTest):
    def test_it_creates_configures_and_leaves_alone(self):
        body = cluster(self.name, replicas=2)
        self.assertEqual(self.apply(body).strip(), f"troupecluster.troupe.dev/{self.name} created")
        self.assertEqual(self.apply(body).strip(), f"troupecluster.troupe.dev/{self.name} unchanged")
        body["spec"]["replicas"] = 3
        self.assertEqual(self.apply(body).strip(), f"troupecluster.troupe.dev/{self.name} configured")
        now = self.read("troupe")
        self.assertEqual(now["spec"]["replicas"], 3)
        self.assertIn("kubectl.kubernetes.io/last-applied-configuration", now["metadata"]["annotations"])

    def test_a_field_that_is_left_out_goes_back_to_its_default(self):
        self.apply(cluster(self.name, drain={"timeoutSeconds": 5}, replicas=4))
        self.apply(cluster(self.name))
        spec = self.read("troupe")["spec"]
        self.assertEqual((spec["drain"], spec["replicas"]), ({"timeoutSeconds": 60}, 1))

    def test_what_others_wrote_stays(self):
        self.apply(cluster(self.name))
        self.kubectl("annotate", "troupe", self.name, "example.com/other=kept")
        self.apply(cluster(self.name, replicas=2))
        self.assertEqual(self.read("troupe")["metadata"]["annotations"]["example.com/other"], "kept")

    def test_config_maps_are_merged(self):
        self.assertIn("created", self.apply(configmap(self.name, {"a": "1", "b": "2"})))
        self.assertIn("configured", self.apply(configmap(self.name, {"b": "3", "c": "4"})))
        self.assertEqual(self.read("configmap")["data"], {"b": "3", "c": "4"})

    def test_labels_of_pods_are_merged(self):
        self.apply(pod(self.name, labels={"a": "1", "b": "2"}))
        self.assertIn("configured", self.apply(pod(self.name, labels={"b": "3"})))
        self.assertEqual(self.read("pod")["metadata"]["labels"], {"b": "3"})

    def test_several_documents_at_once(self):
        documents = "---\n" + "\n---\n".join(json.dumps(d) for d in (configmap(self.name), cluster(self.name), pod(self.name)))
        self.assertEqual(self.apply(documents).split()[::2], ["configmap/" + self.name, "troupecluster.troupe.dev/" + self.name, "pod/" + self.name])

    def test_server_side_works_or_is_refused_by_name(self):
        arguments = ("apply", "--server-side", "-f", "-")
        if self.session.local:
            self.fails(*arguments, stdin=cluster(self.name), saying="server-side apply")
            self.fails("get", "troupe", self.name, saying="not found")
        else:
            self.assertIn("serverside-applied", self.kubectl(*arguments, stdin=cluster(self.name, replicas=2)))
            self.assertEqual(self.read("troupe")["spec"]["replicas"], 2)

    def test_a_dry_run_on_the_server_changes_nothing(self):
        body = cluster(self.name)
        self.assertIn("created (server dry run)", self.kubectl("apply", "--dry-run=server", "-f", "-", stdin=body))
        self.fails("get", "troupe", self.name, saying="not found")
        self.apply(body)
        body["spec"]["replicas"] = 9
        self.assertIn("configured (server dry run)", self.kubectl("apply", "--dry-run=server", "-f", "-", stdin=body))
        self.assertEqual(self.read("troupe")["spec"]["replicas"], 1)

    def test_an_invalid_object_is_refused_with_the_field(self):
        self.fails("apply", "-f", "-", stdin=cluster(self.name, replicas=501), saying=("is invalid", "spec.replicas"))

    def test_the_definitions_of_this_project_may_be_applied_again(self):
        from crds import CRDS
        # Without validation: to Kubernetes 1.20 rules in CEL are unknown fields.
        printed = self.kubectl("apply", "--validate=false", "-f", str(CRDS))
        self.assertEqual(len(printed.splitlines()), 2, printed)


class Diff(KubectlTest):
    def test_nothing_differs(self):
        self.apply(cluster(self.name))
        self.assertEqual(self.kubectl("diff", "-f", "-", stdin=cluster(self.name)), "")

    def test_a_change_is_shown(self):
        self.apply(cluster(self.name))
        shown = self.fails("diff", "-f", "-", stdin=cluster(self.name, replicas=7), code=1).stdout
        self.assertIn("-  replicas: 1", shown)
        self.assertIn("+  replicas: 7", shown)
        self.assertEqual(self.read("troupe")["spec"]["replicas"], 1)

    def test_a_new_object_is_shown_whole(self):
        shown = self.fails("diff", "-f", "-", stdin=cluster(self.name), code=1).stdout
        self.assertIn("+kind: TroupeCluster", shown)


class CreateAndReplace(KubectlTest):
    def test_create_makes_and_refuses_a_second(self):
        self.assertIn("created", self.kubectl("create", "-f", "-", stdin=cluster(self.name)))
        self.fails("create", "-f", "-", stdin=cluster(self.name), saying="already exists")

    def test_create_takes_generated_names(self):
        body = configmap("x", generateName="gen-")
        del body["metadata"]["name"]
        self.assertRegex(self.kubectl("create", "-f", "-", stdin=body), r"configmap/gen-[a-z0-9]{5} created")

    def test_typed_commands_work_or_are_refused_by_name(self):
        # From 1.32 on kubectl sends these as protobuf.
        done = self.try_kubectl("create", "configmap", self.name, "--from-literal=a=b")
        if self.session.local and done.returncode:
            self.assertGreaterEqual(self.session.client_minor, 32)
            self.assertIn("protobuf", done.stderr)
        else:
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(self.read("configmap")["data"], {"a": "b"})

    def test_replace_replaces(self):
        self.apply(configmap(self.name, {"a": "1"}))
        self.assertIn("replaced", self.kubectl("replace", "-f", "-", stdin=configmap(self.name, {"b": "2"})))
        self.assertEqual(self.read("configmap")["data"], {"b": "2"})
        self.kubectl("create", "-f", "-", stdin=cluster(self.name))
        self.assertIn("replaced", self.kubectl("replace", "-f", "-", stdin=cluster(self.name, replicas=3)))
        self.assertEqual(self.read("troupe")["spec"]["replicas"], 3)

    def test_run_makes_a_pod(self):
        overrides = json.dumps({"spec": {"schedulerName": "nobody"}})
        self.kubectl("run", self.name, "--image=localhost/none:1", "--restart=Never", "--overrides=" + overrides)
        self.assertEqual(self.read("pod")["spec"]["restartPolicy"], "Never")


class Change(KubectlTest):
    def setUp(self):
        super().setUp()
        self.kubectl("create", "-f", "-", stdin=cluster(self.name, replicas=2))

    def replicas(self):
        return self.read("troupe")["spec"]["replicas"]

    def test_scale(self):
        self.assertIn("scaled", self.kubectl("scale", "troupe", self.name, "--replicas=5"))
        self.assertEqual(self.replicas(), 5)
        self.fails("scale", "troupe", self.name, "--current-replicas=9", "--replicas=1", saying="Expected replicas to be 9")
        self.assertEqual(self.replicas(), 5)

    def test_scale_out_of_range_is_refused(self):
        self.fails("scale", "troupe", self.name, "--replicas=501", saying="invalid")
        self.assertEqual(self.replicas(), 2)

    def test_merge_patch(self):
        self.assertIn("patched", self.kubectl("patch", "troupe", self.name, "--type=merge", "-p", '{"spec":{"replicas":4}}'))
        self.assertIn("patched (no change)", self.kubectl("patch", "troupe", self.name, "--type=merge", "-p", '{"spec":{"replicas":4}}'))
        self.assertEqual(self.replicas(), 4)

    def test_json_patch(self):
        self.kubectl("patch", "troupe", self.name, "--type=json", "-p", '[{"op":"replace","path":"/spec/replicas","value":6}]')
        self.assertEqual(self.replicas(), 6)
        self.fails("patch", "troupe", self.name, "--type=json", "-p", '[{"op":"test","path":"/spec/replicas","value":1}]')

    def test_strategic_patch_of_a_custom_resource_is_refused(self):
        self.fails("patch", "troupe", self.name, "-p", '{"spec":{"replicas":4}}', saying="accepted media types include")

    def test_strategic_patch_of_a_config_map(self):
        self.kubectl("create", "-f", "-", stdin=configmap(self.name, {"a": "1"}))
        self.kubectl("patch", "configmap", self.name, "-p", '{"data":{"b":"2"}}')
        self.assertEqual(self.read("configmap")["data"], {"a": "1", "b": "2"})

    def test_status_patch(self):
        self.needs_client(24, "--subresource")
        self.kubectl("patch", "troupe", self.name, "--subresource=status", "--type=merge", "-p", '{"status":{"replicas":2},"spec":{"replicas":9}}')
        self.assertEqual((self.read("troupe")["status"]["replicas"], self.replicas()), (2, 2))

    def edit(self, script):
        return self.try_kubectl("edit", "troupe", self.name, EDITOR="sed -i " + shlex.quote(script), KUBE_EDITOR="")

    def test_edit(self):
        done = self.edit("s/replicas: 2/replicas: 8/")
        self.assertEqual((done.returncode, done.stdout.strip()), (0, f"troupecluster.troupe.dev/{self.name} edited"), done.stderr)
        self.assertEqual(self.replicas(), 8)

    def test_edit_that_changes_nothing(self):
        done = self.edit("s/nothing of this kind/x/")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Edit cancelled, no changes made", done.stdout + done.stderr)

    def test_label_and_annotate(self):
        self.kubectl("label", "troupe", self.name, "tier=front")
        self.fails("label", "troupe", self.name, "tier=back", saying="already has a value")
        self.kubectl("label", "troupe", self.name, "tier=back", "--overwrite")
        self.kubectl("annotate", "troupe", self.name, "note=a b c")
        metadata = self.read("troupe")["metadata"]
        self.assertEqual((metadata["labels"], metadata["annotations"]["note"]), ({"tier": "back"}, "a b c"))
        self.kubectl("label", "troupe", self.name, "tier-")
        self.assertNotIn("labels", self.read("troupe")["metadata"])
        self.assertEqual(self.read("troupe")["metadata"]["generation"], 1)
