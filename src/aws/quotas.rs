//! AWS's limits on what a template makes, one constant each, with its source. Lengths are in
//! characters where nothing else is said.

/// Resources of a template (CloudFormation User Guide, quotas).
pub const RESOURCES: usize = 500;

/// Parameters of a template (CloudFormation User Guide, quotas).
pub const PARAMETERS: usize = 200;

/// Outputs of a template (CloudFormation User Guide, quotas).
pub const OUTPUTS: usize = 200;

/// Bytes of a template in a bucket (CloudFormation User Guide, quotas).
pub const TEMPLATE_BYTES: usize = 1_000_000;

/// Bytes of a template that is sent as it is, without a bucket (CloudFormation API reference,
/// `CreateStack`).
pub const INLINE_TEMPLATE_BYTES: usize = 51_200;

/// The name of a stack (CloudFormation API reference, `CreateStack`).
pub const STACK_NAME: usize = 128;

/// Bytes of a template's description (CloudFormation User Guide, quotas).
pub const TEMPLATE_DESCRIPTION_BYTES: usize = 1024;

/// A logical ID (CloudFormation User Guide, quotas).
pub const LOGICAL_ID: usize = 255;

/// The name of a parameter (CloudFormation User Guide, quotas).
pub const PARAMETER_NAME: usize = 255;

/// Bytes of a parameter's value (CloudFormation User Guide, quotas).
pub const PARAMETER_VALUE_BYTES: usize = 4096;

/// The description of a parameter (CloudFormation User Guide, Parameters).
pub const PARAMETER_DESCRIPTION: usize = 4000;

/// The name of a layer (Lambda API reference, `PublishLayerVersion`).
pub const LAYER_NAME: usize = 140;

/// The description of a layer version (Lambda API reference, `PublishLayerVersion`).
pub const LAYER_DESCRIPTION: usize = 256;

/// The license of a layer version (Lambda API reference, `PublishLayerVersion`).
pub const LAYER_LICENSE: usize = 512;

/// Runtimes of a layer version (Lambda API reference, `PublishLayerVersion`).
pub const LAYER_RUNTIMES: usize = 15;

/// Bytes of the policy of a layer version. Lambda names this number when the policy of a *function*
/// exceeds it, and declares the same error for layers without a number.
pub const LAYER_POLICY_BYTES: usize = 20_480;

/// Layers of a function (Lambda Developer Guide, quotas).
pub const FUNCTION_LAYERS: usize = 5;

/// Bytes of a function and all of its layers, unzipped (Lambda Developer Guide, quotas: 250 MB; its
/// messages name this number).
pub const UNZIPPED_BYTES: u64 = 262_144_000;

/// The name of a function (Lambda API reference, `CreateFunction`).
pub const FUNCTION_NAME: usize = 64;

/// Bytes of an object's key (S3 User Guide, object key names).
pub const OBJECT_KEY_BYTES: usize = 1024;

/// The name of a role or a user (IAM User Guide, quotas).
pub const ROLE_NAME: usize = 64;

/// The name of a group, a managed policy or a policy of Organizations (IAM User Guide, quotas;
/// Organizations API reference, `CreatePolicy`).
pub const POLICY_NAME: usize = 128;

/// The path of a role or a managed policy (IAM API reference, `CreateRole`).
pub const PATH: usize = 512;

/// The description of a role or a managed policy (IAM API reference, `CreateRole`, `CreatePolicy`).
pub const POLICY_DESCRIPTION: usize = 1000;

/// The description of a policy of Organizations (Organizations API reference, `CreatePolicy`).
pub const GUARDRAIL_DESCRIPTION: usize = 512;

/// A managed policy (IAM User Guide, quotas).
pub const MANAGED_POLICY: usize = 6144;

/// All inline policies of a role together (IAM User Guide, quotas).
pub const INLINE_POLICIES: usize = 10_240;

/// A role's trust policy, unless a quota increase was asked for (IAM User Guide, quotas).
pub const TRUST_POLICY: usize = 2048;

/// A service control policy: twice what it was before May 2026.
pub const GUARDRAIL: usize = 10_240;

/// A service control policy that every documented quota takes.
pub const GUARDRAIL_WARNED: usize = 5120;

/// Managed policies of a role, unless a quota increase was asked for (IAM User Guide, quotas).
pub const POLICIES_OF_A_ROLE: usize = 10;

/// Service control policies of a root, unit or account that every documented quota takes, in
/// addition to the one that AWS attaches itself, `FullAWSAccess`.
pub const GUARDRAILS_OF_A_TARGET: usize = 4;
