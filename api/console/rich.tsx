/** Clinical text: the 2 of SpO2 stands low, as people write it. */
export function Rich({ text }: { readonly text: string }) {
  const parts = text.split('SpO2');
  return <>{parts.flatMap((part, i) => (i === 0 ? [part] : [<Spo2 key={i} />, part]))}</>;
}

function Spo2() {
  return (
    <>
      SpO<sub>2</sub>
    </>
  );
}
