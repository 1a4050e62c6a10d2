//! The sizes of functions with their layers, as far as their archives are here: Lambda limits the
//! sum.

use super::check::Check;
use super::function::Use;
use super::local::local_content;
use super::reference::LayerReference;
use crate::aws::arn::LayerVersionArn;
use crate::aws::quotas;
use crate::cloudformation::World;
use crate::diagnostic::{Code, Diagnostic};
use crate::english::thousands;
use crate::partial::Text;

impl Check<'_> {
    /// The finding that a function and its layers are together too large. Archives that are not
    /// here are left out, so the real sum is at least as large.
    pub(super) fn too_large(&self, world: &World<'_>, layers: &[Use]) -> Option<Diagnostic> {
        let code = self.function.code.and_then(|code| self.size_here(code));
        let mut sum = code.unwrap_or_default();
        let mut sizes = Vec::new();
        // `sam build` may change the code before it is uploaded.
        let mut is_certain = code.is_none() || !self.function.is_serverless;
        for layer in layers {
            let size = match &layer.layer {
                LayerReference::Resource(id) => self.size_of_resource(id, world),
                LayerReference::Version(arn) => {
                    let size = self.least_size_of(arn);
                    is_certain &= size.is_none();
                    size
                }
                LayerReference::Wrong(_) | LayerReference::Unknown => None,
            };
            if let Some(size) = size {
                sum = sum.saturating_add(size);
                sizes.push(format!("{}: {}", layer.shown(), bytes(size)));
            }
        }
        let last = layers.last().filter(|_| sum > quotas::UNZIPPED_BYTES)?;
        let message = format!(
            "`{}` and its layers are too large: {} unzipped",
            self.function.name,
            bytes(sum)
        );
        let place = self.at(last.entry);
        let finding = if is_certain {
            Diagnostic::error(Code::FunctionSize, place, message)
        } else {
            Diagnostic::warning(Code::FunctionSize, place, message)
        };
        let code = code.map(|size| format!("the code of the function: {}", bytes(size)));
        let parts: Vec<String> = code.into_iter().chain(sizes).collect();
        Some(
            finding
                .label("with this layer")
                .note(parts.join("; "))
                .note(format!(
                    "Lambda allows {} for a function with all of its layers",
                    bytes(quotas::UNZIPPED_BYTES)
                ))
                .help("leave out what the function does not need, or publish smaller layers"),
        )
    }

    /// The size of the smallest version of a layer in the catalogue: any of them may be the one.
    fn least_size_of(&self, arn: &LayerVersionArn<Text>) -> Option<u64> {
        let archives = self.known.catalog.archives(arn.name.as_literal()?);
        let sizes = archives
            .iter()
            .map(|archive| (self.known.unzipped)(archive));
        sizes.collect::<Option<Vec<u64>>>()?.into_iter().min()
    }

    /// The size of a layer that the same template publishes, unless `sam build` makes it first.
    fn size_of_resource(&self, id: &str, world: &World<'_>) -> Option<u64> {
        let resource = self.file.template.resource(id)?;
        let metadata = resource.json.get("Metadata");
        if metadata.is_some_and(|metadata| metadata.get("BuildMethod").is_some()) {
            return None;
        }
        self.size_here(&local_content(resource, world)?)
    }

    /// The size of what a path in the file names.
    fn size_here(&self, path: &str) -> Option<u64> {
        (self.known.unzipped)(&self.file.folder.join(path))
    }
}

fn bytes(number: u64) -> String {
    let shown = usize::try_from(number).map_or_else(|_| number.to_string(), thousands);
    format!("{shown} bytes")
}
