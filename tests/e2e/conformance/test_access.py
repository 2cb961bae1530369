"""Who may ask: tokens, ServiceAccounts, access reviews."""

import base64
import json

from suite import ApiTest, configmap, document


def review(**attributes):
    return {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}}


class Access(ApiTest):
    REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

    def token(self, **spec):
        self.create("serviceaccounts", document("serviceaccounts", self.name))
        answer = self.api.post(self.path("serviceaccounts", self.name, "token"),
                               {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec})
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def test_a_wrong_token_is_unauthorized(self):
        for path in (self.path("configmaps"), "/apis", "/version"):
            self.assert_status(self.api.get(path, token="nonsense"), 401, "Unauthorized", "Unauthorized")

    def test_no_token_opens_nothing(self):
        for answer in (self.api.get(self.path("configmaps"), token=None), self.api.post(self.path("configmaps"), configmap(self.name), token=None)):
            # The real one knows the user system:anonymous, who may do nothing here.
            self.assertIn((answer.status, answer.json["reason"]), ((401, "Unauthorized"), (403, "Forbidden")))

    def test_health_needs_no_token(self):
        self.assertEqual(self.api.get("/readyz", token=None).status, 200)

    def test_a_service_account_gets_a_token_that_expires(self):
        status = self.token(expirationSeconds=3600)["status"]
        claims = json.loads(base64.urlsafe_b64decode(status["token"].split(".")[1] + "=="))
        self.assertEqual(claims["sub"], f"system:serviceaccount:{self.namespace}:{self.name}")
        self.assertEqual(claims["exp"] - claims["iat"], 3600)
        self.assertRegex(status["expirationTimestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")

    def test_such_a_token_is_accepted(self):
        token = self.token()["status"]["token"]
        self.assertEqual(self.api.get("/version", token=token).status, 200)
        self.assertEqual(self.api.get("/apis", token=token).status, 200)

    def test_a_changed_token_is_not(self):
        head, body, signature = self.token()["status"]["token"].split(".")
        claims = json.loads(base64.urlsafe_b64decode(body + "=="))
        claims["sub"] = "system:serviceaccount:kube-system:default"
        forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        self.assertEqual(self.api.get("/apis", token=f"{head}.{forged}.{signature}").status, 401)

    def test_the_token_of_a_deleted_account_is_not(self):
        token = self.token()["status"]["token"]
        self.assertEqual(self.api.get("/apis", token=token).status, 200)
        self.api.delete(self.path("serviceaccounts", self.name))
        self.eventually(lambda: self.api.get("/apis", token=token).status == 401, "the token is refused", 60)

    def test_an_absent_account_has_no_token(self):
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        self.assert_status(self.api.post(self.path("serviceaccounts", "absent", "token"), body), 404, "NotFound")

    def test_too_short_a_token_is_invalid(self):
        self.create("serviceaccounts", document("serviceaccounts", self.name))
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 5}}
        self.assert_status(self.api.post(self.path("serviceaccounts", self.name, "token"), body), 422, "Invalid")

    def test_the_administrator_may_do_everything(self):
        answer = self.api.post(self.REVIEWS, review(verb="create", resource="pods", namespace=self.namespace))
        self.assertEqual((answer.status, answer.json["status"]["allowed"]), (201, True), answer)

    def test_a_service_account_may_do_what_roles_say(self):
        self.real_only("the local server has no RBAC, as its documentation says")
        token = self.token()["status"]["token"]
        answer = self.api.post(self.REVIEWS, review(verb="list", resource="configmaps", namespace=self.namespace), token=token)
        self.assertEqual((answer.status, answer.json["status"]["allowed"]), (201, False), answer)
        user = f"system:serviceaccount:{self.namespace}:{self.name}"
        self.assert_status(self.api.get(self.path("configmaps"), token=token), 403, "Forbidden",
                           f'configmaps is forbidden: User "{user}" cannot list resource "configmaps" in API group "" in the namespace "{self.namespace}"')
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{self.namespace}"
        role = {"metadata": {"name": self.name}, "rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]}
        self.assertEqual(self.api.post(rbac + "/roles", {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", **role}).status, 201)
        binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": self.name},
                   "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": self.name},
                   "subjects": [{"kind": "ServiceAccount", "name": self.name, "namespace": self.namespace}]}
        self.assertEqual(self.api.post(rbac + "/rolebindings", binding).status, 201)
        self.eventually(lambda: self.api.get(self.path("configmaps"), token=token).status == 200, "the role is in force")
        self.assertEqual(self.api.post(self.path("configmaps"), configmap(self.name), token=token).status, 403)

    def test_roles_are_stored_and_read_back(self):
        rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{self.namespace}/roles"
        rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
        made = self.api.post(rbac, {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": self.name}, "rules": rules})
        self.assertEqual((made.status, made.json["rules"]), (201, rules), made)
