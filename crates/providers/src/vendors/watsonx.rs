//! IBM watsonx by its model gateway: OpenAI chat for an IBM Cloud key that is traded for tokens.
//! Docs: <https://www.ibm.com/docs/en/watsonx/saas?topic=models-model-gateway>; the address as public clients and
//! recorded traffic have it (2026-11-22).

use crate::{Auth, Provider, Setting};

pub(super) const WATSONX: Provider = Provider {
    id: "watsonx",
    name: "watsonx",
    base_url: "https://{region}.ml.cloud.ibm.com/ml/gateway/v1",
    settings: &[
        Setting::text("region", &["WATSONX_REGION"], "The region of the service.").or("us-south"),
    ],
    auth: Auth::Ibm,
    key_variables: &["WATSONX_API_KEY", "WATSONX_APIKEY"],
    headquarters: Some("US"),
    ..Provider::OPENAI_LIKE
};
