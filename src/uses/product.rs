//! The products of AWS that are layers.

use super::reference::LayerReference;
use crate::aws::arn::Arn;
use crate::aws::layers::published;
use crate::pattern::Pattern;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The names of the layers of each account of AWS, each with its product.
static PRODUCTS: LazyLock<HashMap<&str, Vec<(Pattern, &str)>>> = LazyLock::new(|| {
    let mut products: HashMap<&str, Vec<(Pattern, &str)>> = HashMap::new();
    for published in published() {
        if let Some(item) = Arn::of(published.item).and_then(Arn::layer_version) {
            let of_account = products.entry(item.account).or_default();
            of_account.push((Pattern::new(item.name), published.product));
        }
    }
    products
});

/// The AWS product of a layer, by its account and name.
pub(super) fn product(layer: &LayerReference) -> Option<&'static str> {
    let LayerReference::Version(arn) = layer else {
        return None;
    };
    let (account, name) = (arn.account.as_literal()?, arn.name.as_literal()?);
    let mut products = PRODUCTS.get(account)?.iter();
    products.find_map(|(layers, product)| layers.matches(name).then_some(*product))
}
