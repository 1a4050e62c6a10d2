//! Amazon Resource Names, taken apart in one place.
//!
//! A field may be a text, a partly unknown text, or a pattern. The fields between the colons make
//! an ARN; whether they are valid is checked elsewhere.

use std::fmt;

/// A text that an ARN can be written in, known or not.
pub trait ArnText<'w> {
    /// A part of it.
    type Part;

    /// The parts between its colons: at least one.
    fn between_colons(&'w self) -> Vec<Self::Part>;
}

impl<'w> ArnText<'w> for str {
    type Part = &'w str;

    fn between_colons(&'w self) -> Vec<&'w str> {
        self.split(':').collect()
    }
}

/// A field of an ARN, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `arn`
    Prefix,
    /// Such as `aws`.
    Partition,
    /// Such as `lambda`.
    Service,
    /// Such as `us-east-1`.
    Region,
    /// The ID of the account.
    Account,
    /// The resource, or its type if more fields follow.
    Resource,
    /// The name of a layer.
    Name,
    /// The number of a layer version.
    Version,
}

impl Field {
    /// The fields of the ARN of a layer version, in their order. The ARN of a layer has all but the
    /// last one, and that of a role or policy all but the last two.
    const ALL: [Self; 8] = [
        Self::Prefix,
        Self::Partition,
        Self::Service,
        Self::Region,
        Self::Account,
        Self::Resource,
        Self::Name,
        Self::Version,
    ];
}

/// The number of fields in the ARN of a layer version.
pub const LAYER_VERSION_FIELDS: usize = Field::ALL.len();

/// The number of fields in the ARN of a layer.
pub const LAYER_FIELDS: usize = LAYER_VERSION_FIELDS - 1;

/// The number of fields in the ARN of a role or policy, and the least number in any ARN.
pub const LEAST_FIELDS: usize = 6;

/// What is between the colons of a text, whether it is an ARN or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields<T>(Vec<T>);

impl<T> Fields<T> {
    /// Those of a text.
    pub fn of<'w, W: ArnText<'w, Part = T> + ?Sized>(written: &'w W) -> Self {
        Self(written.between_colons())
    }

    /// Their number.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Each one with its place, as far as the ARN of a layer version goes.
    pub fn placed(&self) -> impl Iterator<Item = (Field, &T)> {
        Field::ALL.into_iter().zip(&self.0)
    }

    /// The last one.
    #[must_use]
    pub fn last(&self) -> Option<&T> {
        self.0.last()
    }

    /// The ARN that they make; `None` if there are too few.
    #[must_use]
    pub fn arn(self) -> Option<Arn<T>> {
        let mut fields = self.0.into_iter();
        let arn = Arn {
            prefix: fields.next()?,
            partition: fields.next()?,
            service: fields.next()?,
            region: fields.next()?,
            account: fields.next()?,
            resource: fields.collect(),
        };
        (!arn.resource.is_empty()).then_some(arn)
    }
}

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE` (AWS General Reference, ARNs).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arn<T> {
    /// `arn`
    pub prefix: T,
    /// Such as `aws`.
    pub partition: T,
    /// Such as `lambda`.
    pub service: T,
    /// Such as `us-east-1`; empty if the service has none.
    pub region: T,
    /// The ID of the account; empty where the service needs none.
    pub account: T,
    /// The resource, at its colons: at least one field.
    pub resource: Vec<T>,
}

/// `arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME` (Lambda API reference, `LayerArn`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerArn<T> {
    /// Such as `aws`.
    pub partition: T,
    /// Such as `us-east-1`.
    pub region: T,
    /// The ID of the account that owns the layer.
    pub account: T,
    /// The name of the layer.
    pub name: T,
}

/// `arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:VERSION` (Lambda API reference,
/// `LayerVersionArn`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerVersionArn<T> {
    /// Such as `aws`.
    pub partition: T,
    /// Such as `us-east-1`.
    pub region: T,
    /// The ID of the account that owns the layer.
    pub account: T,
    /// The name of the layer.
    pub name: T,
    /// The number of the version.
    pub version: T,
}

impl<T> Arn<T> {
    /// The ARN that a text is; `None` if it has too few fields.
    pub fn of<'w, W: ArnText<'w, Part = T> + ?Sized>(written: &'w W) -> Option<Self> {
        Fields::of(written).arn()
    }

    /// The fields of a layer's ARN; `None` if their number is another one.
    #[must_use]
    pub fn layer(self) -> Option<LayerArn<T>> {
        let [_, name] = <[T; 2]>::try_from(self.resource).ok()?;
        Some(LayerArn {
            partition: self.partition,
            region: self.region,
            account: self.account,
            name,
        })
    }

    /// The fields of a layer version's ARN; `None` if their number is another one.
    #[must_use]
    pub fn layer_version(self) -> Option<LayerVersionArn<T>> {
        let [_, name, version] = <[T; 3]>::try_from(self.resource).ok()?;
        Some(LayerVersionArn {
            partition: self.partition,
            region: self.region,
            account: self.account,
            name,
            version,
        })
    }

    /// The account whose root user this is, which stands for the account itself (IAM User Guide,
    /// `Principal`). `is` returns whether a field is a text.
    #[must_use]
    pub fn root_account(self, is: impl Fn(&T, &str) -> bool) -> Option<T> {
        let [resource] = self.resource.as_slice() else {
            return None;
        };
        let is_root = is(&self.prefix, "arn")
            && is(&self.service, "iam")
            && is(&self.region, "")
            && is(resource, "root");
        is_root.then_some(self.account)
    }
}

impl<T> LayerVersionArn<T> {
    /// The ARN of the layer, which is the same for all its versions.
    #[must_use]
    pub fn layer(&self) -> LayerArn<&T> {
        LayerArn {
            partition: &self.partition,
            region: &self.region,
            account: &self.account,
            name: &self.name,
        }
    }
}

impl<T> LayerArn<T> {
    /// The fields that differ from layer to layer.
    pub fn fields(&self) -> [&T; 4] {
        [&self.partition, &self.region, &self.account, &self.name]
    }
}

impl<T: fmt::Display> fmt::Display for LayerArn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [partition, region, account, name] = self.fields();
        write!(f, "arn:{partition}:lambda:{region}:{account}:layer:{name}")
    }
}

impl<T: fmt::Display> fmt::Display for Arn<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            prefix,
            partition,
            service,
            region,
            account,
            resource,
        } = self;
        write!(f, "{prefix}:{partition}:{service}:{region}:{account}")?;
        resource.iter().try_for_each(|field| write!(f, ":{field}"))
    }
}

/// The name of a layer, which a template may give by its ARN (CloudFormation's registry,
/// `AWS::Lambda::LayerVersion`).
pub fn layer_name<'w, W: ArnText<'w> + ?Sized>(written: &'w W) -> Option<W::Part> {
    written.between_colons().pop()
}

/// An ARN with `*` for the fields that it lacks, as IAM completes a resource (IAM User Guide,
/// `Resource`).
#[must_use]
pub fn completed(arn: &str) -> String {
    let missing = LEAST_FIELDS.saturating_sub(Fields::of(arn).count());
    format!("{arn}{}", ":*".repeat(missing))
}

/// The six parts of an ARN. The last one, the resource, may contain colons.
#[must_use]
pub fn parts(text: &str) -> Option<[&str; 6]> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    parts.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_six_parts_or_more() {
        let text = "arn:aws:lambda:us-east-1:123456789012:layer:deps:3";
        let arn = Arn::of(text);
        assert_eq!(arn.as_ref().map(Arn::to_string).as_deref(), Some(text));
        assert_eq!(arn.as_ref().map(|arn| arn.account), Some("123456789012"));
        assert_eq!(
            arn.and_then(Arn::layer_version),
            Some(LayerVersionArn {
                partition: "aws",
                region: "us-east-1",
                account: "123456789012",
                name: "deps",
                version: "3",
            })
        );
        let layer = "arn:aws:lambda:us-east-1:123456789012:layer:deps";
        let shown = |arn: LayerArn<&str>| arn.to_string();
        assert_eq!(
            Arn::of(layer).and_then(Arn::layer).map(shown).as_deref(),
            Some(layer)
        );
        assert_eq!(parts(text).map(|parts| parts[5]), Some("layer:deps:3"));
        for short in ["", "*", "arn:aws:iam::123456789012"] {
            assert_eq!((Arn::of(short), parts(short)), (None, None));
        }
    }

    #[test]
    fn a_short_arn_is_completed() {
        assert_eq!(completed("arn:aws:lambda"), "arn:aws:lambda:*:*:*");
        for whole in ["arn:aws:iam::1:root", "arn:aws:lambda:*:*:layer:a:1"] {
            assert_eq!(completed(whole), whole);
        }
    }

    #[test]
    fn the_root_user_stands_for_its_account() {
        let root = |text: &'static str| Arn::of(text)?.root_account(|field, text| *field == text);
        assert_eq!(root("arn:aws:iam::1:root"), Some("1"));
        for other in [
            "arn:aws:iam::1:user/root",
            "arn:aws:sts::1:root",
            "arn:aws:iam::1:root:a",
        ] {
            assert_eq!(root(other), None);
        }
    }
}
